"""Bring facts in: transports, feed packs and mappings.

Collectors yield batches; they store nothing and judge nothing.
"""
