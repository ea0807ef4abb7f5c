"""Essays of quizzes: which wait to be marked, with which rubric, and what a mark makes of a score."""
