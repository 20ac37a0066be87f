"""What is claimed about speed, measured side by side with a named baseline."""
