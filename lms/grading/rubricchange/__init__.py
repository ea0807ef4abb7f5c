"""Moving a cohort to a course version with another rubric: a dry run first, and one named choice."""
