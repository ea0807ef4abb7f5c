"""Decisions about scores after handing in: rulings on a key, regrades, marks for essays."""
