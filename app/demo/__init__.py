"""The demo: small loopback servers that answer as real software did, and a landscape that reads them."""
