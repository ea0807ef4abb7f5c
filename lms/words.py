"""Counting words, the same way wherever people write."""

import re
from functools import lru_cache

# Markdown that is not words: targets of links and pictures. Brackets end it, so that many stay linear.
_TARGET = re.compile(r"\]\([^()\[\]\s]{0,500}(?: \"[^\"\n]{0,200}\")?\)")
# A hyphen, apostrophe, stop, comma or slash inside joins: "sebab-akibat", "4,64", "dan/atau" are one word
# each.
_WORD = re.compile(r"[^\W_]+(?:[-'’.,/][^\W_]+)*")


@lru_cache(maxsize=8)  # a save asks for the words of the same text several times
def words(markdown: str) -> int:
    """How many words a text has; Markdown's marks and the targets of links are none."""
    if "](" in markdown:
        markdown = _TARGET.sub("]", markdown)
    return len(_WORD.findall(markdown))
