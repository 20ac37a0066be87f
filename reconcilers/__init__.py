"""Compare sides. A family says what disagrees, never whether it matters: that is for the rules."""
