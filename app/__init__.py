"""tieout: remembers, shows and tells.

The only package that knows collectors, reconcilers and rules.
"""
