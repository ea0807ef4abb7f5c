"""Anchors: an unchanged text finds the same place, words around it move it, a deleted passage is gone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms import anchors
from lms.anchors import Found, Row, Spot, Words

TEXT = (
    "## Akar masalah\n\nLama tinggal wisatawan hanya 1,3 hari, karena paket perjalanan belum terpadu. "
    "Data itu berasal dari survei tahun 2024 dan belum dibandingkan dengan provinsi.\n\n"
    "Paket perjalanan disusun tiap kecamatan."
)
KEY = "_id"
plain_words = st.lists(st.sampled_from(["kota", "desa", "air", "jalan", "pagu"]), max_size=40).map(" ".join)


def at(text: str, quote: str) -> Words:
    start = text.index(quote)
    found = anchors.words_at(text, start, start + len(quote))
    assert found is not None
    return found


def reads(text: str, found: Found | None) -> str | None:
    return None if found is None else text[found.start : found.end]


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 60))
def test_an_unchanged_text_always_finds_the_same_place(text: str, start: int, length: int) -> None:
    anchor = anchors.words_at(text, start, start + length)
    if anchor is None:
        return
    found = anchors.find(text, anchor)
    assert found is not None
    assert found.same
    assert text[found.start : found.end] == anchor.quote
    assert anchors.words_at(text, found.start, found.end) == anchor


@given(st.lists(st.sampled_from("ab"), max_size=60).map(" ".join), st.integers(0, 120), st.integers(1, 9))
def test_one_of_many_places_that_read_the_same_is_still_that_one(text: str, start: int, length: int) -> None:
    anchor = anchors.words_at(text, start, start + length)
    if anchor is not None:
        found = anchors.find(text, anchor)
        assert found is not None
        assert text.count(" ", 0, found.start) == anchor.at


@given(plain_words, plain_words, plain_words, plain_words)
def test_what_is_put_in_around_moves_it(head: str, tail: str, more: str, rest: str) -> None:
    quote = "indikator kemiskinan turun perlahan"
    text = f"{head} {quote} {tail}"
    anchor = at(text, quote)
    moved = f"{more}\n\n{text}\n\n{rest}"
    found = anchors.find(moved, anchor)
    assert found == Found(moved.index(quote), moved.index(quote) + len(quote))


@given(plain_words, plain_words, plain_words)
def test_a_passage_that_was_taken_out_is_gone(head: str, tail: str, more: str) -> None:
    quote = "indikator kemiskinan turun perlahan"
    anchor = at(f"{head} {quote} {tail}", quote)
    assert anchors.find(f"{more} {head} {tail}", anchor) is None
    assert anchors.find("", anchor) is None


@given(
    st.text(max_size=200), st.builds(Words, st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
)
def test_nothing_raises_and_a_place_lies_in_the_text(text: str, anchor: Words) -> None:
    found = anchors.find(text, anchor)
    assert found is None or 0 <= found.start < found.end <= len(text)
    whole = anchors.quoted(text, anchor)
    assert whole is None or anchors.decode(anchors.encode(whole)) == whole


def test_case_spaces_and_marks_do_not_count() -> None:
    anchor = at("Lama **tinggal**  wisatawan\nhanya 1,3 hari.", "tinggal**  wisatawan\nhanya")
    assert reads(TEXT, anchors.find(TEXT.upper(), anchor)) == "tinggal wisatawan hanya"


def test_changed_words_are_found_and_said_to_be_changed() -> None:
    anchor = at(TEXT, "berasal dari survei tahun 2024 dan belum dibandingkan dengan provinsi")
    revised = TEXT.replace("tahun 2024 dan belum", "BPS tahun 2025 dan sudah")
    found = anchors.find(revised, anchor)
    assert found is not None
    assert not found.same
    assert (
        reads(revised, found) == "berasal dari survei BPS tahun 2025 dan sudah dibandingkan dengan provinsi"
    )


def test_a_passage_written_anew_is_what_stands_between_its_neighbours() -> None:
    anchor = at(TEXT, "1,3 hari")
    revised = TEXT.replace("1,3 hari", "satu malam saja")
    found = anchors.find(revised, anchor)
    assert (reads(revised, found), found and found.same) == ("satu malam saja", False)


def test_the_neighbours_tell_two_equal_passages_apart() -> None:
    second = TEXT.rindex("aket perjalanan")
    anchor = anchors.words_at(TEXT, second, second + 5)
    assert anchor is not None
    swapped = TEXT.split("\n\n")[2] + "\n\n" + "\n\n".join(TEXT.split("\n\n")[:2])
    found = anchors.find(swapped, anchor)
    assert found is not None
    assert found.start == 0


def test_one_word_far_from_its_neighbours_is_another_word() -> None:
    anchor = at(TEXT, "dan")
    assert anchors.find("Jalan dan jembatan.", anchor) is None
    assert anchors.find("Jalan dan jembatan.", Words("dan")) == Found(6, 9)


def test_a_pasted_quote_gets_its_neighbours_from_the_text() -> None:
    whole = anchors.quoted(TEXT, Words("PAKET perjalanan   belum"))
    assert whole is not None
    assert (whole.quote, whole.before[-7:], whole.after) == (
        "paket perjalanan belum",
        "karena ",
        " terpadu. Data itu berasal dari survei tahun 2024",
    )
    strange = Words("tidak pernah tertulis")
    assert anchors.quoted(TEXT, strange) is strange
    assert anchors.quoted(TEXT, Words("  — ")) is None


@pytest.mark.parametrize(
    "text",
    ["a " * 50_000, "ab" * 50_000, "a b " * 25_000, "\n" * 100_000, "* " * 50_000, "a\u0307" * 50_000],
    ids=["one word", "no space", "two words", "lines", "marks", "combining"],
)
def test_hostile_text_is_cheap(text: str) -> None:
    anchor = Words("a b " * 150, "a " * 60, "b " * 60, 10_000, 10_000)
    started = time.perf_counter()
    anchors.find(text, anchor)
    anchors.find(text, Words("a", "a a a", "a a a", 9, 9))
    assert time.perf_counter() - started < 3  # measured: 0.4 s; a quadratic search takes minutes


# Tables

ROWS = ({KEY: "r1", "sasaran": "Kemiskinan turun", "t": "2,7"}, {KEY: "r2", "sasaran": "IPM naik", "t": "77"})


def test_a_row_is_found_by_its_id_wherever_it_moved() -> None:
    anchor = anchors.row_at(ROWS, 2, KEY, "t")
    assert anchor == Row("r2", 2, "t", "IPM naik · 77")
    assert anchors.find_row(ROWS, anchor, KEY) == (2, True)
    assert anchors.find_row(ROWS[::-1], anchor, KEY) == (1, True)
    assert anchors.find_row(({**ROWS[1], "t": "78"},), anchor, KEY) == (1, False)


def test_a_row_pasted_again_is_found_by_what_it_says_and_else_gone() -> None:
    anchor = anchors.row_at(ROWS, 1, KEY)
    assert anchor is not None
    again = ({KEY: "x", "sasaran": "Lain"}, {**ROWS[0], KEY: "y"})
    assert anchors.find_row(again, anchor, KEY) == (2, True)
    assert anchors.find_row(again[:1], anchor, KEY) is None
    assert anchors.find_row((), anchor, KEY) is None
    assert anchors.row_at(ROWS, 3, KEY) is None
    assert anchors.row_at(ROWS, 0, KEY) is None


def test_what_is_stored_is_read_again() -> None:
    for anchor in (
        Words("a", "b", "c", 4, 5),
        Row("r", 1, "k", "z"),
        Spot("0" * 64, 2, 500, 900, "a.pdf"),
        None,
    ):
        assert anchors.decode(anchors.encode(anchor)) == anchor
    assert anchors.encode(None) == ""
