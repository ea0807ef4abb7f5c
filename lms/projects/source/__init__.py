"""A project as its author writes it, Markdown with front matter that says what is asked for, and as stored.

`parse` gives the `Project` or every problem of the file at its line. The Structs are what is stored as JSON
on the item, so every field is plain data; spans, durations and the like are written as text by authors
("300..1500", "1h", "moderator > 10") and stored taken apart. Content of the sections is in `content`, the
checks an author can ask for are in `rules`.
"""

from lms.projects.source.definition import (
    NUMERIC,
    Column,
    ColumnType,
    FileKind,
    FilesSection,
    Late,
    Project,
    Reconcile,
    Section,
    Span,
    TableSection,
    TextSection,
    Title,
    empty,
)
from lms.projects.source.parsing import (
    MOST_CHECKS,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_SECTIONS,
    MOST_WORDS,
    RESERVED,
    parse,
)

__all__ = [
    "MOST_CHECKS",
    "MOST_COLUMNS",
    "MOST_ROWS",
    "MOST_SECTIONS",
    "MOST_WORDS",
    "NUMERIC",
    "RESERVED",
    "Column",
    "ColumnType",
    "FileKind",
    "FilesSection",
    "Late",
    "Project",
    "Reconcile",
    "Section",
    "Span",
    "TableSection",
    "TextSection",
    "Title",
    "empty",
    "parse",
]
