"""Learners' attempts as facilitators see them: who has begun what, the log of each, and what was granted."""
