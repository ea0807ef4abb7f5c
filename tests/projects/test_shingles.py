"""Fingerprints: shared words surely meet, other words do not, marks and capitals change nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lms.projects import shingles

TEXT = (
    "Kemiskinan di Kota Sawahlunto menurun dari 2,72 persen menjadi 2,31 persen karena lapangan kerja baru di "
    "sektor pariwisata berkembang sejak Ombilin menjadi warisan dunia."
)
words = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=4).map("".join)


def test_the_same_words_leave_the_same_fingerprints_whatever_their_looks() -> None:
    loud = "**" + TEXT.upper().replace(" ", "  ").replace(",", " , ") + "**"
    assert shingles.fingerprints(loud) == shingles.fingerprints(TEXT)


def test_short_paragraphs_leave_none() -> None:
    assert shingles.fingerprints("Satu dua tiga empat lima.") == ()
    assert shingles.passages("# Judul\n\nSatu dua.\n\n" + TEXT)[0].paragraph == 2


def test_hashes_fit_any_database() -> None:
    assert all(0 <= value < 2**63 for value in shingles.fingerprints(TEXT))


def test_what_everybody_was_given_is_left_out() -> None:
    assert shingles.passages(TEXT, shingles.given([f"Petunjuk.\n\n{TEXT}"])) == []


@settings(max_examples=80, deadline=None)
@given(
    st.lists(words, min_size=15, max_size=40),
    st.lists(words, min_size=15, max_size=40),
    st.lists(words, min_size=shingles.SHINGLE + shingles.WINDOW - 1, max_size=20),
)
def test_a_run_that_two_texts_share_is_always_found(
    first: list[str], second: list[str], run: list[str]
) -> None:
    """The guarantee of winnowing: a common run of SHINGLE + WINDOW - 1 words leaves a common fingerprint."""
    one = shingles.fingerprints(" ".join([*first, *run]))
    other = shingles.fingerprints(" ".join([*run, *second]))
    assert set(one) & set(other)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    for passage in shingles.passages(text):
        assert passage.values
        assert 0 <= passage.paragraph < len(shingles.paragraphs(text))


def test_what_is_said_again_and_again_counts_once() -> None:
    text = "\n\n".join([" ".join(f"kata{n}" for n in range(20))] * 3)
    found = shingles.once((section, each) for section in ("isu", "usul") for each in shingles.passages(text))
    assert [(section, each.paragraph) for section, each in found] == [("isu", 0)]
    assert set(found[0][1].values) == set(shingles.passages(text)[2].values)
