"""What does not fit in a project's sections, found without a person reading them.

`run` goes through everything a definition implies (`implied`: required sections and columns, kinds of cells, numbers of
rows, words and files) and through the checks its author wrote. Each rule of `rules` is one function, found in a
registry (`tables`, `texts`); it sees a whole project's tables at once, so a check may look across sections. Nothing a
person can type makes a check fail: what is no number is reported once, by the column's kind, and left out of
arithmetic.
"""

from lms.projects.checks.finding import Finding
from lms.projects.checks.running import run

__all__ = [
    "Finding",
    "run",
]
