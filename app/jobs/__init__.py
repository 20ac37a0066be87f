"""One function per scheduled job.

A bad feed or rule is recorded and passed over; it never stops the others.
"""
