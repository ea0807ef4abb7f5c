"""Deciding between reviews that differ by more than their project allows."""
