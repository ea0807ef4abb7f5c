import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.projects import content
from lms.projects.content import FileRef, Table, digest, headings, is_empty, words

cells = st.dictionaries(st.sampled_from(["_id", "misi", "t0"]), st.text(max_size=12), max_size=3)
contents = st.one_of(
    st.text(),
    st.lists(cells, max_size=4).map(lambda rows: Table(tuple(rows))),
    st.lists(st.builds(FileRef, st.text(), st.text(), st.integers(0, 2**40), st.text()), max_size=3).map(
        tuple
    ),
)


@given(contents)
def test_is_stored_as_json_and_read_back(value: content.Content) -> None:
    assert content.decode(content.encode(value)) == value


def test_what_is_not_content_is_refused() -> None:
    for text in ("5", "null", '{"rows": [{"a": 1}]}', '[{"name": "x"}]', "", "{"):
        with pytest.raises(msgspec.DecodeError):
            content.decode(text)


def test_the_same_content_has_the_same_digest() -> None:
    table = Table(({"_id": "r1", "b": "2", "a": "1"},))
    assert digest(table) == digest(Table(({"a": "1", "b": "2", "_id": "r1"}, {"_id": "r2", "a": " "}, {})))
    assert digest(table) != digest(Table(({}, *table.rows)))
    assert digest("") != digest(()) != digest(Table())
    assert digest("[]") != digest(())
    # This very spelling stands in receipts that people keep: it must never change.
    assert content.canonical(table) == b'{"rows":[{"_id":"r1","a":"1","b":"2"}]}'
    assert digest("Halo") == "28ae625ce612155326715095566717a2fbbf82859e408e1ea1d68fff63565125"


def test_knows_when_nothing_was_typed() -> None:
    assert is_empty(None)
    assert is_empty(" \n")
    assert is_empty(())
    assert is_empty(Table(({"_id": "r1", "a": " \t"}, {})))
    assert not is_empty("x")
    assert not is_empty(Table(({"a": "0"},)))
    assert not is_empty((FileRef("0", "a.pdf", 1, "application/pdf"),))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("# Isu strategis\n\n- **Akar** _masalah_ sebab-akibat\n- [x] dan/atau", 7),
        ("|Misi|Target|\n|---|---|\n|1|4,64|", 4),
        ("Lihat [laman BPS](https://contoh.id/a/b?c=d) ini.", 4),
        ("Jum'at, 24 November 2026 pukul 23.59", 6),
        ("--- *** ### > | 100 %", 1),
        ("Rp1.250.000,00", 1),
    ],
)
def test_counts_words_not_marks(text: str, count: int) -> None:
    assert words(text) == count


def test_finds_headings_however_they_are_written() -> None:
    text = """# 2.1 Akar **masalah**:
Isi
## B. Isu strategis ##
Potensi daerah
---
```
# bukan judul
```
#tagar
####### terlalu dalam
| a | b |
|---|---|
"""
    assert headings(text) == ("akar masalah", "isu strategis", "potensi daerah")
    assert content.heading_key("1. Akar Masalah") == content.heading_key("akar masalah:")
    assert content.heading_key("2024 dan sesudahnya") == "2024 dan sesudahnya"


@pytest.mark.parametrize("unit", ["](", "[a](", "a-", "# ", "#", "`", "```\n", "a\n-\n", "1.", "*_", '](x "'])
def test_hostile_text_is_read_in_linear_time(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    start = time.perf_counter()
    words(text)
    headings(text)
    assert time.perf_counter() - start < 3
