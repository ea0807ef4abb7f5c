"""The official sheet as PDF, set by Typst from data alone."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from lms.typesetting import typeset

TEMPLATE = Path(__file__).parent / "lembar.typ"


class Line(msgspec.Struct, frozen=True):
    """A row in words; `rows` is how many rows its section spans, 0 where it goes on."""

    section: str
    rows: int
    kind: str
    text: str
    place: str
    answer: str
    reply: str
    advice: str


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that stands on the sheet, in the reader's language; it names nobody that `facts` and `signers` do not."""

    issuer: str
    heading: str
    title: str
    facts: Sequence[tuple[str, str]]
    heads: tuple[str, str, str, str]
    lines: Sequence[Line]
    advice_head: str
    advice: Sequence[str]
    signer: str
    signers: Sequence[str]
    page: str
    language: str


def write(paper: Paper) -> bytes:
    """The PDF's bytes."""
    return typeset(TEMPLATE, paper)
