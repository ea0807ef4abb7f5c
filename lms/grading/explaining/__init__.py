"""Why a grade is what it is: its arithmetic from the criteria to the number that counts, and every decision on the way."""
