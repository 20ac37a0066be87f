"""How bytes arrive: one module per way, no business words. Each is a generator of pages."""
