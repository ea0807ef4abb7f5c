"""Reads GitHub-style Markdown into blocks: lists, quotes, fences, tables, callouts, footnotes.

Python-Markdown decides blocks by blank lines and by indents of exactly four columns; authors write, and
preview on a Git host, what GitHub reads. This file decides the blocks the way CommonMark and GitHub do, so
that only the text inside a block is left to Python-Markdown. Two kindnesses go beyond GitHub: whatever stands
two columns or more under a list marker belongs to that item, and Markdown may follow `<summary>` without a
blank line.

Nothing here raises on bad input: what is not a block is a paragraph.
"""

import re

from lms.blocks import (
    Block,
    Callout,
    Code,
    Definition,
    Definitions,
    Footnote,
    Formula,
    Html,
    Item,
    List,
    Paragraph,
    Quote,
    Rule,
    Table,
)
from lms.gfmlines import (
    CALLOUT,
    CAPTION,
    FENCE,
    FOOTNOTE,
    HEADING,
    MARKER,
    MEANING,
    QUOTE,
    RULE,
    TASK,
    UNDERLINE,
    alignments,
    cells,
    clean,
    fence_after,
    goes_on_counting,
    heading,
    indent,
    is_fence_end,
    is_lazy,
    raw_name,
    spaced,
    starts_block,
    without_closing,
)

MAX_DEPTH = 24
"""Quotes and lists nested deeper than this are read as plain text (each level costs a recursion)."""


def read(text: str) -> tuple[Block, ...]:
    """Read Markdown, as written, into its blocks."""
    return _Reader([spaced(line) for line in clean(text).split("\n")]).blocks


class _Reader:
    """One container's lines, read once from top to bottom."""

    def __init__(self, lines: list[str], depth: int = 0) -> None:
        self.lines = lines
        self.depth = depth
        self.at = 0
        self.loose = False  # a blank line stands between two of this container's own blocks
        self._gap = False
        self._words: list[str] = []  # lines of the paragraph being read
        self._found: list[Block] = []
        while self.at < len(lines):
            self._step(lines[self.at])
        self._end_paragraph()
        self.blocks = tuple(self._found)

    def _add(self, block: Block) -> None:
        self.loose = self.loose or (self._gap and bool(self._found))
        self._gap = False
        self._found.append(block)

    def _end_paragraph(self) -> None:
        if self._words:
            text = "\n".join(line.lstrip() for line in self._words).rstrip()
            self._words = []
            self._add(Paragraph(text))

    def _step(self, line: str) -> None:
        if not line.strip():
            self._end_paragraph()
            self._gap = True
            self.at += 1
        elif line.startswith("    "):
            self._continue_paragraph(line) if self._words else self._indented_code()
        elif not (self._leaf(line) or self._container(line)):
            self._continue_paragraph(line)

    def _continue_paragraph(self, line: str) -> None:
        self._words.append(line)
        self.at += 1

    def _one_line(self, block: Block) -> bool:
        self._end_paragraph()
        self._add(block)
        self.at += 1
        return True

    # Leaves: each returns whether it took the line.

    def _leaf(self, line: str) -> bool:
        if self._words and (under := UNDERLINE.match(line)):
            text = " ".join(word.strip() for word in self._words)
            self._words = []
            return self._one_line(heading(1 if under[1][0] == "=" else 2, text))
        if match := HEADING.match(line):
            return self._one_line(heading(len(match[1]), without_closing(match[2] or "")))
        if RULE.match(line):
            return self._one_line(Rule())
        return self._fence(line) or self._formula(line) or self._html(line) or self._table(line)

    def _fence(self, line: str) -> bool:
        opening = FENCE.match(line)
        if not opening:
            return False
        self._end_paragraph()
        self.at += 1
        body: list[str] = []
        while self.at < len(self.lines) and not is_fence_end(self.lines[self.at], opening[2]):
            inner = self.lines[self.at]
            body.append(inner[min(len(opening[1]), indent(inner)) :])
            self.at += 1
        self.at += 1
        info, text = opening[3].strip(), "\n".join(body)
        self._add(Formula(text.strip()) if info.lower() == "math" else Code(info, text))
        return True

    def _formula(self, line: str) -> bool:
        if not line.lstrip().startswith("$$"):
            return False
        stop = self.at
        first = line.strip()
        if not (len(first) > 4 and first.endswith("$$")):
            stop += 1
            # Stopping at any `$$`, also one that cannot close, keeps many that open from being quadratic.
            while stop < len(self.lines) and self.lines[stop].strip() and "$$" not in self.lines[stop]:
                stop += 1
            if stop >= len(self.lines) or not self.lines[stop].rstrip().endswith("$$"):
                return False
        tex = "\n".join(self.lines[self.at : stop + 1]).strip()[2:-2]
        if "$$" in tex:
            return False
        self._end_paragraph()
        self.at = stop + 1
        self._add(Formula(tex.strip()))
        return True

    def _html(self, line: str) -> bool:
        start = line.lstrip()
        if start.startswith("<!--"):
            return self._comment(start)
        elif (name := raw_name(line)) in ("details", "summary"):
            return self._one_line(Html(start))
        elif name:
            end = "</pre>" if name == "pre" else ""
        else:
            return False
        self._end_paragraph()
        body: list[str] = []
        while self.at < len(self.lines):
            inner = self.lines[self.at]
            if not end and not inner.strip():
                break
            body.append(inner)
            self.at += 1
            if end and end in inner.lower():
                break
        self._add(Html("\n".join(body)))
        return True

    def _comment(self, start: str) -> bool:
        """Drop a comment; words behind its end are a paragraph."""
        if start.partition("-->")[2].strip():
            return False
        self._end_paragraph()
        while self.at < len(self.lines):
            _, end, rest = self.lines[self.at].partition("-->")
            self.at += 1
            if end:
                self._words = [rest] if rest.strip() else []
                break
        return True

    def _table(self, line: str) -> bool:
        below = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
        align = alignments(line, below)
        if not align:
            return False
        self._end_paragraph()
        before = self._found[-1] if self._found else None
        caption = ""
        if isinstance(before, Paragraph) and (label := CAPTION.match(before.text)):
            caption = before.text[label.end() :]
            self._found.pop()
        self.at += 2
        rows: list[tuple[str, ...]] = []
        while self.at < len(self.lines):
            row = self.lines[self.at]
            if not row.strip() or starts_block(row) or CAPTION.match(row):
                break
            written = cells(row)[: len(align)]
            rows.append(written + ("",) * (len(align) - len(written)))
            self.at += 1
        caption = caption or self._caption_below()
        self._add(Table(cells(line), align, tuple(rows), " ".join(caption.split())))
        return True

    def _caption_below(self) -> str:
        at = self.at
        while at < len(self.lines) and not self.lines[at].strip():
            at += 1
        label = CAPTION.match(self.lines[at]) if at < len(self.lines) else None
        if not label:
            return ""
        stop = at
        while stop < len(self.lines) and self.lines[stop].strip() and not starts_block(self.lines[stop]):
            # Standing right on top of the next table, after a blank line, it is that table's caption.
            if at > self.at and alignments(self.lines[stop], "".join(self.lines[stop + 1 : stop + 2])):
                return ""
            stop += 1
        words = " ".join(self.lines[at:stop])
        self.at = stop
        return words[label.end() :]

    def _indented_code(self) -> None:
        body: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and not line.startswith("    "):
                break
            body.append(line[4:])
            self.at += 1
        while not body[-1].strip():
            body.pop()
            self.at -= 1
        self._add(Code("", "\n".join(body)))

    # Containers.

    def _container(self, line: str) -> bool:
        if self.depth >= MAX_DEPTH:
            return False
        if QUOTE.match(line):
            self._quote()
        elif marker := self._list_marker(line):
            self._list(marker)
        elif footnote := FOOTNOTE.match(line):
            self._end_paragraph()
            self.at += 1
            inner = self._inside(footnote[2].lstrip(), 4, 2)
            self._add(Footnote(footnote[1], inner.blocks))
        elif meaning := MEANING.match(line):
            return self._definition(meaning)
        else:
            return False
        return True

    def _list_marker(self, line: str) -> re.Match[str] | None:
        marker = MARKER.match(line)
        if marker is None or (self._words and not starts_block(line)):
            return None
        return marker

    def _quote(self) -> None:
        self._end_paragraph()
        inner: list[str] = []
        fence = ""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if match := QUOTE.match(line):
                inner.append(match[1])
                fence = fence_after(fence, match[1])
            elif fence or not (line.strip() and is_lazy(inner[-1], line)):
                break
            else:
                inner.append(line)
            self.at += 1
        callout = CALLOUT.match(inner[0].strip())
        body = _Reader(inner[1:] if callout else inner, self.depth + 1)
        if callout:
            self._add(Callout(callout[1].lower(), callout[2].strip(), body.blocks))
        else:
            self._add(Quote(body.blocks))

    def _list(self, first: re.Match[str]) -> None:
        self._end_paragraph()
        kind = first[2][-1]
        items: list[Item] = []
        loose = False
        marker: re.Match[str] | None = first
        while marker and marker[2][-1] == kind and not RULE.match(marker.string):
            lead, content = len(marker[1]), marker[5] or ""
            spaces = len(marker[4]) if content else 1
            if (
                spaces > 4
            ):  # CommonMark 5.2: that far right it is code, which starts one space after the marker
                content, spaces = " " * (spaces - 1) + content, 1
            task = TASK.match(content)
            self.at += 1
            body = self._inside(
                content[task.end() :] if task else content, lead + len(marker[2]) + spaces, lead + 2
            )
            items.append(Item(body.blocks, task[1] != " " if task else None))
            loose = loose or body.loose
            following = self._after_blanks()
            marker = MARKER.match(self.lines[following]) if following < len(self.lines) else None
            if marker and marker[2][-1] == kind and not RULE.match(marker.string):
                loose = loose or following > self.at
                self.at = following
        start = int(first[3]) if first[3] else None
        self._add(List(start, not loose, tuple(items)))

    def _definition(self, meaning: re.Match[str]) -> bool:
        """`: meaning` under a paragraph (its lines are the terms), or under it after one blank line."""
        before = self._found[-1] if self._found else None
        if self._words:
            terms = tuple(word.strip() for word in self._words)
            self._words = []
        elif isinstance(before, Paragraph) and self._gap:
            terms = tuple(before.text.split("\n"))
            self._found.pop()
        else:
            return False
        meanings: list[tuple[Block, ...]] = []
        match: re.Match[str] | None = meaning
        while match:
            self.at += 1
            width = len(match[1]) if len(match[2]) < 5 else len(match[1]) - len(match[2]) + 1
            meanings.append(self._inside(match[3], width, 2).blocks)
            following = self._after_blanks()
            match = MEANING.match(self.lines[following]) if following < len(self.lines) else None
            if match:
                self.at = following
        entry = Definition(terms, tuple(meanings))
        before = self._found[-1] if self._found else None
        if isinstance(before, Definitions):
            self._found[-1] = Definitions((*before.entries, entry))
        else:
            self._add(Definitions((entry,)))
        return True

    def _after_blanks(self) -> int:
        at = self.at
        while at < len(self.lines) and not self.lines[at].strip():
            at += 1
        return at

    def _inside(self, first: str, width: int, least: int) -> "_Reader":
        """Read what belongs to a list item, a meaning or a footnote whose marker line has just been taken.

        `width` is the column where its content starts; lines that stand at `least` or further right are taken
        as inside too, and the first such line moves the column.
        """
        inner = [first]
        fence = fence_after("", first)
        blanks = 0
        while self.at + blanks < len(self.lines):
            line = self.lines[self.at + blanks]
            if not line.strip():
                if not any(inner):
                    break  # an empty item ends at the first blank line
                blanks += 1
                continue
            column = indent(line)
            if column < width and not fence and goes_on_counting(line):
                break
            if column >= min(width, least):
                width = width if fence else min(width, column)
                line = line[min(width, column) :]
                fence = fence_after(fence, line)
            elif blanks or fence or not is_lazy(inner[-1], line):
                break
            inner.extend([""] * blanks)
            inner.append(line)
            self.at += blanks + 1
            blanks = 0
        return _Reader(inner, self.depth + 1)
