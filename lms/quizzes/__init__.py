"""Quizzes: questions as authors write them, attempts as learners make them.

`kinds` holds one class per kind of question, `source` reads a quiz from Markdown, `scoring` draws questions
and turns answers into points; these are pure. `models` keeps attempts with their append-only answers,
`actions` starts, saves and hands in, `views` shows.
"""
