"""The systems of the simulated group: each with its own database, reached by what it speaks."""
