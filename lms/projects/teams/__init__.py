"""Teams: who makes them, joins and leaves, who writes where now, and who has done how much."""
