"""What is wrong with an author's file: where it stands and what to do about it."""

import msgspec


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing an author must mend; problems sort by file and line.

    `file` is relative to the content folder, with forward slashes; `line` counts from 1.
    `message` is Indonesian and says both what is wrong and what to do.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"
