"""How an action says no: a sentence for the person, in Indonesian, that the view translates."""

from __future__ import annotations


def N_(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is shown."""
    return text


class Refused(ValueError):
    """The deed cannot be done now; ``message`` is a translatable sentence, ``values`` fill its ``%(name)s`` places."""

    def __init__(self, message: str, **values: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message
