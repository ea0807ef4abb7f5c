"""Appeals of learners against what a criterion gave them, and the answers."""
