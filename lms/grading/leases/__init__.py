"""Leases: whose turn it is to write about a version, for how long, and who waits."""
