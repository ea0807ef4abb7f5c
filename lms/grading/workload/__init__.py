"""What reviews took in a cohort, and how they were shared."""
