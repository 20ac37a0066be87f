"""Statements of the store, one file each, opened by a sentence that says what comes back."""

from functools import partial

from reconcilers.family import staged

query = partial(staged, __package__)
