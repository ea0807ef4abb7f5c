"""Words and foreign Markdown made safe to stand in a quiz: nothing in them is read as structure."""

import re
from collections.abc import Callable
from typing import NamedTuple

from lms.formulas import BadFormula, mathml

MAX_FORMULAS = 300
"""Formulas that are tried out; what comes after is taken on trust."""

_SPECIAL = re.compile(r"[\\`*\[\]<$~|{]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w{1,40};)|=(?=>)")
_AT_START = re.compile(r"(?:[-+>#=:](?=[\s>#=:-]|$)|-(?=-)|=(?==)|#|>)")
_COUNTED = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_CAPTION = re.compile(r"(Table|Tabel) *:", re.IGNORECASE)
_TEX = re.compile(  # no opening inside: a text full of them costs one step each
    r"\\\(((?:[^\\]|\\[^()\[\]])+)\\\)|\\\[((?:[^\\]|\\[^()\[\]])+)\\\]|\$\$([^$]+)\$\$"
)
_DOLLARS = re.compile(r"(?<![\\$\w])\$(?![\s$])((?:[^\\$\n]|\\[^$\n])+)(?<![\s\\])\$(?![\w$])")


def escaped(text: str) -> str:
    """One line of words as Markdown that shows exactly these words, inside a line."""
    return _SPECIAL.sub(lambda mark: "\\" + mark[0], text)


def at_start(line: str) -> str:
    """A line of Markdown words as it may begin a line, without becoming a list, a heading, a quote or an answer."""
    if _AT_START.match(line):
        return "\\" + line
    line = _COUNTED.sub(r"\1\\\2", line, count=1) if _COUNTED.match(line) else line
    return _CAPTION.sub(r"\1\\:", line, count=1) if _CAPTION.match(line) else line


class Formulas:
    """Formulas found in words; those that cannot be shown are counted in `bad`, as TeX."""

    def __init__(self, dollars: bool = False) -> None:
        self.dollars = dollars
        self.bad: list[str] = []
        self.tried = 0

    def worded(self, text: str) -> str:
        """Words with `\\( \\)`, `\\[ \\]` and `$$ $$` made our formulas, and the rest escaped."""
        if "\\(" not in text and "\\[" not in text and "$" not in text:
            return escaped(text)
        parts: list[str] = []
        at = 0
        for found in _TEX.finditer(text):
            parts += [
                self._rest(text[at : found.start()]),
                self.written(*self._found(found), text, found.end()),
            ]
            at = found.end()
        return "".join((*parts, self._rest(text[at:])))

    def _rest(self, text: str) -> str:
        if not self.dollars:
            return escaped(text)
        parts: list[str] = []
        at = 0
        for found in _DOLLARS.finditer(text):
            parts += [escaped(text[at : found.start()]), self.written(found[1], False, text, found.end())]
            at = found.end()
        return "".join((*parts, escaped(text[at:])))

    def _found(self, found: re.Match[str]) -> tuple[str, bool]:
        return (found[1], False) if found[1] is not None else (found[2] or found[3] or "", True)

    def written(self, tex: str, block: bool, around: str = "", end: int = 0) -> str:
        """One formula as our Markdown; where TeX cannot be read, it is shown as code and noted."""
        tex = " ".join(tex.split())
        if not tex:
            return ""
        self.tried += 1
        if self.tried <= MAX_FORMULAS and not shows(tex, block):
            self.bad.append(tex)
            return code(tex)
        if "$" in tex or "`" in tex:
            self.bad.append(tex)
            return code(tex)
        if block:
            return f"$${tex}$$"
        return f"$`{tex}`$"


def shows(tex: str, block: bool = False) -> bool:
    """Whether our pages can show the formula."""
    try:
        mathml(tex, block)
    except BadFormula:
        return False
    return True


def code(text: str) -> str:
    """Words as code inside a line."""
    text = " ".join(text.split())
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}" if text else ""


def paragraphs(text: str, formulas: Formulas) -> list[str]:
    """Plain words with line ends: an empty line parts paragraphs, another line end stays one."""
    found: list[str] = []
    for block in re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.strip()):
        lines = [at_start(formulas.worded(line.strip())) for line in block.split("\n") if line.strip()]
        if lines:
            found.append("\\\n".join(lines))
    return found


# --- Markdown of others --------------------------------------------------------------------------------------

_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])\s+)?(`{3,}|~{3,})([^`]*)")
_TOP = re.compile(r" {0,3}#{1,2}(?=\s|$)")
_GUARDS = (
    (re.compile(r"( {0,3})(~?=)(?=\s)"), r"\1\\\2"),
    (re.compile(r"( {0,3}(?:[-*+]|\d{1,3}[.)])\s+)\[(?=[ xX]?\])"), r"\1\\["),
    (re.compile(r"( {0,3}\d{1,9})([.)])(?=\s)"), r"\1\\\2"),
    (re.compile(r"(\s)=>(?=\s)"), r"\1=\\>"),
    (re.compile(r" {0,3}(_{4,})(?=\s*$)"), r"\\\1"),
)


class Tamed(NamedTuple):
    """Markdown that stays inside its question; `changed` tells what had to be written otherwise."""

    text: str
    changed: tuple[str, ...] = ()


def tamed(text: str) -> Tamed:
    """Foreign Markdown such that no line of it begins a question or a comment of ours.

    Headings go down to the third level, comments become words, open fences and formulas are closed.
    """
    changed: dict[str, None] = {}

    def live(line: str) -> str:
        if line.strip(" \t>").startswith("<!--"):
            changed["komentar HTML di dalam teks ditulis sebagai kata"] = None
            return line.replace("<!--", "&lt;!--", 1)
        if _TOP.match(line):
            changed["judul di dalam teks diturunkan menjadi tingkat tiga"] = None
            return _TOP.sub("###", line)
        return line

    lines, open_block = _walked(text, live)
    if open_block:
        lines.append(open_block)
        changed["blok yang belum ditutup, ditutup di akhir teks"] = None
    return Tamed("\n".join(lines).strip("\n"), tuple(changed))


def guarded(text: str) -> str:
    """Markdown whose lists and lines are no longer taken for answers, at the price of a backslash in each."""

    def live(line: str) -> str:
        for pattern, instead in _GUARDS:
            line = pattern.sub(instead, line)
        return line

    return "\n".join(_walked(text, live)[0])


def _walked(text: str, live: Callable[[str], str]) -> tuple[list[str], str]:
    """The lines with those outside fences and formulas changed, and what ends the block left open, if any."""
    lines: list[str] = []
    closing = ""
    for line in text.strip("\n").split("\n"):
        line = line.rstrip()
        bare = line.strip(" \t>")
        if closing:
            if bare.endswith(closing) and (closing == "$$" or not bare.strip(closing[0])):
                closing = ""
        elif fence := _FENCE.fullmatch(line):
            closing = fence[1]
        elif bare.startswith("$$"):
            closing = "$$" if bare.count("$$") == 1 else ""
        else:
            line = live(line)
        lines.append(line)
    return lines, closing


def replaced_targets(text: str, change: Callable[[str, str], str | None]) -> str:
    """Markdown with its pictures' and links' addresses changed; `change` gets the address and "!" for a picture."""

    def replace(found: re.Match[str]) -> str:
        written = found["angle"] if found["angle"] is not None else found["bare"]
        new = change(written, found["mark"])
        if new is None:
            return found[0]
        if re.search(r"[\s()<>]", new):
            new = f"<{new}>"
        return f"{found['mark']}[{found['words']}]({new}{found['title'] or ''})"

    return _TARGET.sub(replace, text)


_TARGET = re.compile(
    r"(?P<mark>!?)\[(?P<words>[^\[\]\n]{0,1000})\]\("
    r"(?:<(?P<angle>[^<>\n]{0,2000})>|(?P<bare>[^\s()<>]{0,4000000}))"
    r"(?P<title>\s+(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'))?\)"
)
