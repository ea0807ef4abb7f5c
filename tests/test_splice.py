"""Gzip from parts that were compressed earlier."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.splice import Kept, gzipped, keep

parts = st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=8)


@given(parts)
def test_any_parts_make_one_file(written: list[tuple[bytes, bool]]) -> None:
    file = gzipped([keep(content) if kept else content for content, kept in written])
    # gzip checks the checksum and the size
    assert gzip.decompress(file) == b"".join(content for content, _ in written)


@pytest.mark.parametrize("level", [1, 3, 6, 9])
def test_long_text(level: int) -> None:
    text = ("Isu strategis bukan daftar keluhan. " * 3000).encode()
    part = keep(text)
    assert part.plain() == text
    assert gzip.decompress(gzipped([text, part, text, part, part], level)) == text * 5
    assert len(gzipped([b"<html>", part])) < len(text) / 20


def test_browsers_read_one_member() -> None:
    """Browsers stop at the end of the first gzip member: everything has to be in it."""
    file = gzipped([b"a" * 5000, keep(b"b" * 5000), b"c"])
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert reader.decompress(file) == b"a" * 5000 + b"b" * 5000 + b"c"
    assert reader.eof
    assert reader.unused_data == b""


def test_what_comes_later_does_not_reach_back_across_a_kept_part() -> None:
    words = b"kalimat yang sama berulang-ulang; "
    assert (
        gzip.decompress(gzipped([words * 50, keep(b"x" * 40_000), words * 50]))
        == words * 50 + b"x" * 40_000 + words * 50
    )


def test_nothing() -> None:
    assert gzip.decompress(gzipped([])) == b""
    assert keep(b"") == Kept(keep(b"").deflated, 0, keep(b"").shift, 0)
