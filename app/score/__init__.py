"""How good the checks are: exceptions held against a truth that is known."""
