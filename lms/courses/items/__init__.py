"""What pages about a whole cohort have in common."""
