"""Decide what matters: which comparison, tolerance, grace, severity, owner, runbook.

One YAML file is one rule.
"""
