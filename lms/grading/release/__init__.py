"""Letting the learners of a cohort see their grades: first what is still open, then one act for all."""
