"""What one line of Markdown says by itself: a marker, a fence, a table's row, or plain words.

Chapter numbers are those of CommonMark 0.31.
"""

import re

from lms.blocks import Heading

CALLOUTS = ("note", "tip", "important", "warning", "caution", "example")
"""Callouts after `> [!NAME]`: GitHub's five, and EXAMPLE."""

RAW_BLOCKS = frozenset(
    ("blockquote", "details", "div", "dl", "figure", "ol", "p", "pre", "summary", "table", "ul")
)
"""HTML elements that may start a block of raw HTML; every other `<name>` is words in a paragraph."""

# Controls, lone surrogates, private use and non-characters: no author means them, and private use is ours
# (`CoursePage.seal` marks formulas with it).
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufffe\uffff]+"
)
_LEADING = re.compile(r"[ \t]*(?:(?:[-*+>:]|\d{1,9}[.)])[ \t]+)*")
FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)")
HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_ATTRIBUTES = re.compile(r"(?:^| )\{ *((?:[.#][\w-]+ *)+)\}$")
RULE = re.compile(r" {0,3}([-*_])(?: *\1){2,} *$")
UNDERLINE = re.compile(r" {0,3}(=+|-+) *$")
MARKER = re.compile(r"( {0,3})([-*+]|(\d{1,9})[.)])(?:( +)(.*)|)$")
TASK = re.compile(r"\[([ xX])\] +(?=\S)")
QUOTE = re.compile(r" {0,3}> ?(.*)")
CALLOUT = re.compile(rf"\[!({'|'.join(CALLOUTS)})\] *(.*)$", re.IGNORECASE)
FOOTNOTE = re.compile(r" {0,3}\[\^([^\]\s]{1,80})\]: ?(.*)")
MEANING = re.compile(r"( {0,3}:( +))(\S.*)")
_CELL = re.compile(r":?-+:?$")
_PIPE = re.compile(r"(?<!\\)\|")
CAPTION = re.compile(r"(?:Table|Tabel) *: *(?=\S)", re.IGNORECASE)
_TAG = re.compile(r" {0,3}</?([a-z]+)(?=[ />]|$)", re.IGNORECASE)


def clean(text: str) -> str:
    """Return the text with `\\n` line ends, without byte order mark, control and private-use characters."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def spaced(line: str) -> str:
    """The line with tabs before its words and between its markers made into spaces."""
    if "\t" not in line:
        return line
    end = match.end() if (match := _LEADING.match(line)) else 0
    return line[:end].expandtabs(4) + line[end:]


def indent(line: str) -> int:
    """Number of spaces before the words."""
    return len(line) - len(line.lstrip(" "))


def cells(line: str) -> tuple[str, ...]:
    """A table row's cells."""
    parts = _PIPE.split(line.strip().removeprefix("|"))
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    return tuple(part.strip().replace("\\|", "|") for part in parts)


def alignments(head: str, below: str) -> tuple[str, ...]:
    """Column alignments when two lines are the head of a table, else ()."""
    if "-" not in below or "|" not in head + below:
        return ()
    marks = cells(below)
    if len(marks) != len(cells(head)) or not all(_CELL.match(mark) for mark in marks):
        return ()
    names = {(True, True): "center", (True, False): "left", (False, True): "right", (False, False): ""}
    return tuple(names[mark[0] == ":", mark[-1] == ":"] for mark in marks)


def is_fence_end(line: str, fence: str) -> bool:
    """Whether a line closes the fence: the same mark, at least as long."""
    line = line.rstrip()
    return indent(line) < 4 and len(line := line.lstrip()) >= len(fence) and not line.strip(fence[0])


def starts_block(line: str) -> bool:
    """Whether a line begins something else even in the middle of a paragraph."""
    if not line.strip() or line.startswith("    "):
        return False
    if FENCE.match(line) or HEADING.match(line) or RULE.match(line) or QUOTE.match(line):
        return True
    if FOOTNOTE.match(line) or line.lstrip().startswith(("$$", "<!--")) or raw_name(line):
        return True
    marker = MARKER.match(line)
    # CommonMark 5.3: inside a paragraph only "1." opens an ordered list, and an empty item opens none.
    return bool(marker and marker[5] and marker[3] in (None, "1"))


def raw_name(line: str) -> str:
    """Name of the HTML element whose tag begins a block here, or ""."""
    match = _TAG.match(line)
    return match[1].lower() if match and match[1].lower() in RAW_BLOCKS else ""


def fence_after(fence: str, line: str) -> str:
    """The fence that is open after a line ("" for none), given the one open before it."""
    line = line.lstrip("> ")
    if fence:
        return "" if is_fence_end(line, fence) else fence
    match = FENCE.match(line)
    return match[2] if match else ""


def goes_on_counting(line: str) -> bool:
    """Whether a line is an ordered item after the first: at a ragged indent it is the outer list's."""
    marker = MARKER.match(line)
    return marker is not None and marker[3] not in (None, "1")


def is_lazy(before: str, line: str) -> bool:
    """Whether an unmarked line goes on with the paragraph that a container's last line left open."""
    stripped = before.strip()
    if not stripped or HEADING.match(before) or RULE.match(before) or stripped.startswith("|"):
        return False
    if FENCE.match(before) or stripped.startswith(("$$", "</")):
        return False
    return not any((starts_block(line), MARKER.match(line), UNDERLINE.match(line), MEANING.match(line)))


def without_closing(text: str) -> str:
    """A heading's text without its closing `##`."""
    text = text.strip()
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and (not bare or bare.endswith(" ")) else text


def heading(level: int, text: str) -> Heading:
    """A heading, with the id and classes of a closing `{#id .class}`."""
    match = _ATTRIBUTES.search(text)
    if not match:
        return Heading(level, text)
    marks = match[1].split()
    ids = [mark[1:] for mark in marks if mark[0] == "#"]
    classes = tuple(mark[1:] for mark in marks if mark[0] == ".")
    return Heading(level, text[: match.start()].strip(), ids[-1] if ids else "", classes)
