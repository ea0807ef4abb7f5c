"""What a Markdown text is made of, block by block: `gfm.read` makes these, `coursetext` turns them into HTML.

Every `text`, cell, term and title is still Markdown inside (emphasis, links, formulas).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    id: str = ""
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    pass


@dataclass(frozen=True, slots=True)
class Code:
    info: str
    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    tex: str


@dataclass(frozen=True, slots=True)
class Html:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    align: tuple[str, ...]  # "", "left", "center" or "right", one a column
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Callout:
    kind: str
    title: str
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class Item:
    blocks: "tuple[Block, ...]"
    checked: bool | None = None  # None: not a task


@dataclass(frozen=True, slots=True)
class List:
    start: int | None  # None: bullets
    tight: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    terms: tuple[str, ...]
    meanings: "tuple[tuple[Block, ...], ...]"


@dataclass(frozen=True, slots=True)
class Definitions:
    entries: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Footnote:
    label: str
    blocks: "tuple[Block, ...]"


Block = (
    Paragraph
    | Heading
    | Rule
    | Code
    | Formula
    | Html
    | Table
    | Quote
    | Callout
    | List
    | Definitions
    | Footnote
)
