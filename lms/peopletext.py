"""What people type, read as Markdown: markdown-it-py without raw HTML, within limits that hostile text meets."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lms.gfmlines import clean

LONGEST = 100_000
"""Longest text, in characters, that is read as Markdown."""

MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 60})
MARKDOWN.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])

# What honest text never reaches. Beyond it markdown-it needs seconds for 100,000 characters (brackets that do
# not close, rows filled up to a wide table's columns), drops what is nested too deep, or hands bleach more
# elements than it can take in a second. Such text is shown as typed, with nothing lost.
_MOST_BRACKETS = 2_000
_MOST_ESCAPES = 10_000  # of < and &
_MOST_LINES = 10_000
_MOST_CELLS = 20_000
_MOST_TOKENS = 12_000
_DEEPEST = 50


def tokens(text: str) -> list[Token] | None:
    """The blocks of a text as markdown-it reads them; None where the text is to be shown as typed."""
    typed = clean(text)
    if (
        len(typed) > LONGEST
        or typed.count("[") > _MOST_BRACKETS
        or typed.count("<") + typed.count("&") > _MOST_ESCAPES
        or typed.count("\n") > _MOST_LINES
        or _cells(typed) > _MOST_CELLS
    ):
        return None
    found = MARKDOWN.parse(typed)
    inner = [child for token in found for child in token.children or ()]
    if len(found) + len(inner) > _MOST_TOKENS or any(one.level > _DEEPEST for one in (*found, *inner)):
        return None
    return found


def _cells(text: str) -> int:
    """Most cells the text's tables can have: every line with a bar may be filled up to the widest one."""
    bars = [line.count("|") for line in text.split("\n") if "|" in line]
    return len(bars) * max(bars, default=0)
