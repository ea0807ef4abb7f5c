"""Texts that reviewers type: how they are kept, and how long they may be."""

from __future__ import annotations

import re
import unicodedata

TEXT_AT_MOST = 5_000
"""Characters of one note, comment or summary."""
NOTES_AT_MOST = 40

# Control characters, lone surrogates and the marks that turn the direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def tidy(text: str) -> str:
    """A text as kept: line ends as one character, no characters that nobody can see or type, no space around it."""
    return visible(text).strip()


def visible(text: str) -> str:
    """A text with the space around it."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))
