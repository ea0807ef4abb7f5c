"""Quizzes as a whole cohort takes them: what its facilitators see of them, without anybody's name."""
