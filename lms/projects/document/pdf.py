"""A document as PDF, set by Typst from data alone."""

from pathlib import Path
from typing import Any

import msgspec

from lms.projects.document.naskah import WIDE, Grid, Naskah, measure
from lms.typesetting import typeset

TEMPLATE = Path(__file__).parent / "naskah.typ"


def write(naskah: Naskah, *, contents: str, draft: str) -> bytes:
    """The PDF's bytes; ``contents`` heads the table of contents, ``draft`` marks work not handed in."""
    data = msgspec.to_builtins(naskah)
    for chapter, plain in zip(naskah.chapters, data["chapters"], strict=True):
        for block, values in zip(chapter.blocks, plain["blocks"], strict=True):
            _measure(block, values)
    data |= {"contents": contents, "draft_word": draft, "wide": WIDE}
    return typeset(TEMPLATE, data)


def _measure(block: object, values: dict[str, Any]) -> None:
    """Give every table its measures, those in lists and quotes too."""
    if isinstance(block, Grid):
        measured = measure(block)
        values |= {"widths": measured.shares, "size": measured.size}
        return
    inner = [*getattr(block, "blocks", ()), *(each for item in getattr(block, "items", ()) for each in item)]
    plain = [*values.get("blocks", ()), *(each for item in values.get("items", ()) for each in item)]
    for each, its in zip(inner, plain, strict=True):
        _measure(each, its)
