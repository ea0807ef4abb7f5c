"""A team's name, and the code that others join it with, as people type them."""

from __future__ import annotations

import re
import secrets
import unicodedata

from lms.projects.receipt import ALPHABET

NAME_AT_MOST = 120
_GROUP = 4
# how people read what the alphabet leaves out (Crockford)
_READ = str.maketrans("OILU", "011V")
# control and format characters that nobody types and that can make a name look like another one
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def tidy_name(text: str) -> str:
    """A team's name as it is kept: spaces are one, nothing is unseen; '' where nothing is left."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return " ".join(_UNSEEN.sub("", plain).split())


def new_code() -> str:
    """A code that is easy to read aloud and hard to guess, 40 random bits: ``7K2M-9QXB``."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(2 * _GROUP))
    return f"{letters[:_GROUP]}-{letters[_GROUP:]}"


def read_code(text: str) -> str:
    """A typed code in its own form, whatever case, spaces and hyphens; '' where it cannot be one."""
    letters = re.sub(r"[\s-]+", "", text[:100]).upper().translate(_READ)
    if len(letters) != 2 * _GROUP or any(letter not in ALPHABET for letter in letters):
        return ""
    return f"{letters[:_GROUP]}-{letters[_GROUP:]}"
