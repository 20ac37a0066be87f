"""The demo: loopback servers that answer as real software did, and a landscape reading them."""
