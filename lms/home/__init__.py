"""Beranda: the one next step for whoever signed in. Rightmost, because it shows every feature's data."""
