"""Lessons are cut where their readers write."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from lms import markup
from lms.courses.reading import pieces


def cut(text: str) -> list[tuple[str, str | None]]:
    page = markup.page(text)
    found = pieces(page)
    assert Markup("").join(piece.html for piece in found) == page.html
    assert all(isinstance(piece.html, Markup) for piece in found)
    return [(str(piece.html), piece.reflect.id if piece.reflect else None) for piece in found]


def test_a_lesson_without_reflection_is_one_piece() -> None:
    [(html, reflect)] = cut("Satu.\n\n## Dua\n\nTiga.")
    assert "Tiga" in html
    assert reflect is None


def test_a_reflection_at_the_end() -> None:
    [(html, reflect)] = cut("Satu.\n\n## Refleksi {.reflect}\n\nApa?")
    assert html.endswith("<p>Apa?</p>")
    assert reflect == "b-refleksi"


def test_a_reflection_ends_with_the_next_section() -> None:
    first, second = cut("## Refleksi {.reflect}\n\nApa?\n\n### Di dalamnya\n\nX\n\n## Lanjut\n\nY")
    assert "Di dalamnya" in first[0]
    assert first[1] == "b-refleksi"
    assert second[0].startswith("<h2")
    assert "Lanjut" in second[0]
    assert second[1] is None


def test_a_reflection_ends_before_the_footnotes() -> None:
    first, second = cut("Teks[^1]\n\n## Refleksi {.reflect}\n\nApa?\n\n[^1]: Sumbernya.")
    assert first[1] == "b-refleksi"
    assert "Sumbernya" not in first[0]
    assert second[0].startswith("<section")
    assert "Sumbernya" in second[0]


def test_two_reflections() -> None:
    found = cut("## A {.reflect}\n\nx\n\n## B\n\ny\n\n## C {.reflect}\n\nz")
    assert [reflect for _, reflect in found] == ["b-a", "b-c"]


@pytest.mark.parametrize(
    "decoy", ['`<h2 id="b-lanjut">`', '&lt;h2 id="b-lanjut">', '`<section class="footnotes">`']
)
def test_text_that_looks_like_a_heading_cuts_nothing(decoy: str) -> None:
    first, second = cut(f"## Refleksi {{.reflect}}\n\n{decoy}\n\nakhir\n\n## Lanjut\n\nY")
    assert "akhir" in first[0]
    assert second[0].startswith("<h2")


def test_an_empty_page() -> None:
    assert cut("") == []
