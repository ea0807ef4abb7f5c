"""Quizzes: questions as authors write them, attempts as learners make them.

`kinds` holds one class per kind of question, `source` reads a quiz from Markdown, `scoring` draws questions
and turns answers into points, `paper` makes a published quiz ready for its pages, `statistics` and `advice` say
how well questions measure; these are pure. `cohort` is what facilitators see of a quiz, without names. `models`
keeps attempts with their append-only answers, `actions` begins, saves and hands in, `forms` reads what a page
posts, `views` shows.

`exchange` reads quizzes of other platforms and writes ours for them; it is pure too.
"""
