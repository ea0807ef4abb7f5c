"""Courses: what is published, who takes it together, how far each learner is.

Pure: `source` reads what authors write about a course, a module, a lesson; `outline` is a version's table of
contents; `progress` says what comes next and what is left; `reading` cuts a lesson where its reader writes;
`cohort` reads what administrators type; `changes` compares two versions. `models` holds courses with their
immutable versions, cohorts, enrolments, progress, notes and the grade ledger; `actions` writes them; `views` shows
the catalogue, the pages one reads, and the administrator's cohorts.
"""
