"""The whole check of a content folder: what is written wrong, and which pages take too long to render."""

from __future__ import annotations

from pathlib import Path

from lms.problems import Problem
from lms.publishing.source import Draft, DraftItem, read_folder
from lms.publishing.timing import slow_pages

SECONDS = 5.0


def check_folder(path: Path, *, slug: str | None = None) -> tuple[Draft | None, list[Problem]]:
    """Read a course folder and render its pages beside the server; a draft comes only without any problem."""
    draft, problems = read_folder(path, slug=slug)
    if draft is None or problems:
        return None, problems
    pages = {item.id: item for item in draft.items if item.kind != "rubric"}
    slow = slow_pages([(item.id, item.source, item.links) for item in pages.values()], SECONDS)
    problems = [_too_slow(pages[name]) for name in slow]
    return (None, problems) if problems else (draft, [])


def _too_slow(item: DraftItem) -> Problem:
    return Problem(
        item.file,
        item.line,
        f"Halaman ini perlu lebih dari {SECONDS:.0f} detik untuk ditampilkan. Pecah menjadi beberapa halaman, atau cari "
        "kurung siku dan tanda bintang yang tidak ditutup.",
    )
