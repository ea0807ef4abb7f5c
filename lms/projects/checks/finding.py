"""One thing that does not fit."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from lms.projects.rules import Level


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not fit.

    `check` is the author's id of the check, or `_` and a rule's name for what the definition implies. `row`
    counts from 0 in the table's rows as given, `row_id` is that row's stable id; both are absent where the
    finding is about the whole section. `text` and `advice` are messages to translate with `values` to put in.
    """

    check: str
    rule: str
    level: Level
    section: str
    row: int | None = None
    row_id: str = ""
    column: str | None = None
    about: str = ""
    text: str
    advice: str
    values: dict[str, str] = {}

    @property
    def message(self) -> str:
        """What does not fit, in Indonesian."""
        return self.text % self.values

    @property
    def settle(self) -> str:
        """What would settle it, in Indonesian."""
        return self.advice % self.values

    @property
    def key(self) -> str:
        """Stands for this finding from save to save; a warning's reason is kept under it."""
        row = self.row_id or ("" if self.row is None else f"#{self.row}")
        return "/".join((self.section, self.check, row, self.column or "", self.about))

    def told(self, translate: Callable[[str], str]) -> tuple[str, str]:
        """Message and advice in the language of `translate`."""
        return translate(self.text) % self.values, translate(self.advice) % self.values


class Found(NamedTuple):
    """A finding before it knows its check and section."""

    text: str
    advice: str
    values: dict[str, str]
    row: int | None = None
    column: str | None = None
    about: str = ""
