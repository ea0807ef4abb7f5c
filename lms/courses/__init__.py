"""Courses: what is published, who takes it together, how far each learner is.

`source` reads what authors write about a course, a module, a lesson (pure). `models` holds courses with their
immutable versions, cohorts, enrolments, progress, notes and the grade ledger; `actions` writes them, `views`
shows the catalogue and the pages one reads.
"""
