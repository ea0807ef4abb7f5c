"""Rows of a pack laid over what is stored: what is taken, what stays, what is refused."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from lms.grading.content import Note, Opinion, ReviewContent, SectionReview
from lms.grading.offline import identity, rows
from lms.grading.offline.book import HEADING, Cell, Line, Row
from lms.grading.offline.rows import EarlierNote, Option, Subject, Told, Words
from lms.grading.typed import TEXT_AT_MOST
from lms.rubric import Criterion, Level, Rubric

KEY = identity.key("a secret")
SHEET = identity.sheet(KEY, identity.Identity(1, 2, "c", "r", 0))
RUBRIC = Rubric(
    title="Rubrik",
    levels=(Level(id=4, label="Sangat baik"), Level(id=3, label="Baik"), Level(id=2, label="Cukup")),
    criteria=(
        Criterion(id="isu", title="Isu", weight=60, levels={4: "Tajam"}, range=True),  # type: ignore[arg-type]
        Criterion(id="sasaran", title="Sasaran", weight=40),  # type: ignore[arg-type]
    ),
)
SUBJECT = Subject(
    (Option("isu", "1. Isu"), Option("sasaran", "2. Sasaran")),
    RUBRIC,
    (EarlierNote(5, "isu", "Sebut sumber.", "Sudah."),),
)
NAMES = "decisions criteria earlier notes general section decision criterion level points comment descriptors"
WORDS = Words(
    (Option("accept", "Terima"), Option("return", "Kembalikan")),
    (Option("must", "Wajib diperbaiki"), Option("suggestion", "Saran")),
    (Option("settled", "Selesai"), Option("open", "Belum")),
    {name: name for name in (*NAMES.split(), "judgement", "note", "reply", "kind")},
    {"accept": "accept", "return": "return"},
)
SAID = ReviewContent(
    sections={"isu": SectionReview("return", (Note("Sebut sumber lain."), Note("Ringkas.", must=False)))},
    criteria={"isu": Opinion(3, "80,0", "Baik."), "sasaran": Opinion(4)},
    earlier={5: "settled"},
    summary="Cukup.",
)


def sign(name: str, base: str) -> str:
    return identity.row(KEY, SHEET, name, base)


def sheet(said: ReviewContent) -> dict[str, Row]:
    """The rows as they come back untouched, by name."""
    found = {}
    lines: list[Line] = [line for block in rows.blocks(SUBJECT, said, WORDS, sign) for line in block.lines]
    for at, line in enumerate(lines, start=5):
        b, c, d, e, _ = (Cell(text) for text in line.cells)
        found[line.token.partition("~")[0]] = Row(at, line.token, (b, c, d, e))
    return found


def typed(row: Row, **cells: str | Cell) -> Row:
    """The row with other texts in these columns."""
    now = list(row.cells)
    for letter, value in cells.items():
        now["BCDE".index(letter)] = value if isinstance(value, Cell) else Cell(value)
    return msgspec.structs.replace(row, cells=tuple(now))


def merged(stored: ReviewContent, *found: Row) -> tuple[ReviewContent, tuple[Told, ...]]:
    return rows.merged(SUBJECT, stored, found, WORDS, lambda token: identity.read_row([KEY], SHEET, token))


def test_an_untouched_sheet_changes_nothing() -> None:
    now, told = merged(SAID, *sheet(SAID).values())
    assert now == SAID
    assert {each.fate for each in told} == {"same"}


def test_what_was_filled_in_is_taken() -> None:
    out = sheet(ReviewContent())
    now, told = merged(
        ReviewContent(),
        typed(out["bagian:isu"], C="Kembalikan"),
        typed(out["bagian:sasaran"], C=" terima "),
        typed(out["kriteria:isu"], C="4 Sangat baik", D="95,5", E="Tajam.\r\nSekali."),
        typed(out["kriteria:sasaran"], C="3"),
        typed(out["sebelum:5"], C="Belum"),
        typed(out["baru:1"], B="1. Isu", C="Saran", E="Ringkas."),
        typed(out["baru:2"], B="2. Sasaran", E="Lengkapi."),
        typed(out["umum"], E="Perbaiki."),
    )
    assert {each.fate for each in told} == {"taken"}
    assert now == ReviewContent(
        sections={
            "isu": SectionReview("return", (Note("Ringkas.", must=False),)),
            "sasaran": SectionReview("accept", (Note("Lengkapi."),)),
        },
        criteria={"isu": Opinion(4, "95,5", "Tajam.\nSekali."), "sasaran": Opinion(3)},
        earlier={5: "open"},
        summary="Perbaiki.",
    )


def test_choices_of_another_language_are_understood() -> None:
    now, _ = merged(ReviewContent(), typed(sheet(ReviewContent())["bagian:isu"], C="Accept"))
    assert now.section("isu").decision == "accept"


def test_notes_are_changed_moved_and_taken_out() -> None:
    out = sheet(SAID)
    now, told = merged(
        SAID, typed(out["catatan:1"], B="2. Sasaran", E="Sebut sumber lain!"), typed(out["catatan:2"], E="")
    )
    assert [each.fate for each in told] == ["taken", "taken"]
    assert now.section("isu").notes == ()
    assert now.section("sasaran").notes == (Note("Sebut sumber lain!"),)


def refusal(row: Row, stored: ReviewContent | None = None) -> Told:
    before = stored or ReviewContent()
    now, told = merged(before, row)
    assert now == before
    assert [each.fate for each in told] == ["refused"]
    return told[0]


def test_what_is_no_answer_is_refused_with_its_cell() -> None:
    out = sheet(ReviewContent())
    wrong = {
        "C": [
            typed(out["bagian:isu"], C="Mungkin"),
            typed(out["kriteria:isu"], C="5"),
            typed(out["kriteria:isu"], C="", D="80"),
            typed(out["sebelum:5"], C="entah"),
            typed(out["baru:1"], B="1. Isu", C="Marah", E="Teks"),
            typed(out["bagian:isu"], C=Cell("", "formula")),
        ],
        "D": [
            typed(out["kriteria:isu"], C="4 Sangat baik", D="10"),
            typed(out["kriteria:isu"], C="4 Sangat baik", D="banyak"),
            typed(out["kriteria:sasaran"], C="4 Sangat baik", D="99"),
            typed(out["kriteria:isu"], C="4 Sangat baik", D=Cell("2026-01-02", "date")),
        ],
        "B": [typed(out["baru:1"], E="Tanpa bagian"), typed(out["baru:1"], B="9. Lain", E="Teks")],
        "E": [typed(out["umum"], E="x" * (TEXT_AT_MOST + 1)), typed(out["umum"], E=Cell("x", "long"))],
    }
    for column, found in wrong.items():
        for row in found:
            assert refusal(row).cell == f"{column}{row.line}"


def test_rows_of_other_sheets_and_of_nobody_are_refused() -> None:
    other = identity.sheet(KEY, identity.Identity(9, 2, "c", "r", 0))
    moved = Row(
        8, identity.row(KEY, other, "bagian:isu", "x"), (Cell("1. Isu"), Cell("Terima"), Cell(), Cell())
    )
    assert "lembar hasil kerja lain" in refusal(moved).reason
    stray = Row(9, "", (Cell("1. Isu"), Cell(), Cell(), Cell("Catatan")))
    assert "ditambahkan sendiri" in refusal(stray).reason
    assert merged(SAID, Row(3, HEADING, (Cell("a"), Cell("b"), Cell("c"), Cell("d")))) == (SAID, ())


def test_of_a_row_that_stands_twice_the_first_counts() -> None:
    row = sheet(ReviewContent())["bagian:isu"]
    now, told = merged(ReviewContent(), typed(row, C="Terima"), typed(row, C="Kembalikan"))
    assert now.section("isu").decision == "accept"
    assert [each.fate for each in told] == ["taken", "refused"]


def test_what_was_changed_in_both_places_stays_as_it_is_online_and_both_are_shown() -> None:
    out = sheet(SAID)
    online = msgspec.structs.replace(
        SAID, summary="Daring.", criteria={"isu": Opinion(2), "sasaran": Opinion(4)}
    )
    told = refusal(typed(out["umum"], E="Luring."), online)
    assert (told.typed, told.online) == ("Luring.", "Daring.")
    told = refusal(typed(out["kriteria:isu"], C="4 Sangat baik", D=""), online)
    assert (told.typed, told.online) == ("4 Sangat baik · Baik.", "2 Cukup")
    gone = msgspec.structs.replace(SAID, sections={})
    assert "Baru" in refusal(typed(out["catatan:1"], E="Baru"), gone).typed


def test_what_was_changed_online_only_stays() -> None:
    online = ReviewContent(summary="Daring.", sections={"sasaran": SectionReview("accept")})
    now, told = merged(online, *sheet(SAID).values())
    assert now == online
    assert {each.fate for each in told} == {"same"}


TEXTS = st.text(alphabet="abcdefgh ", max_size=3).map(str.strip)


@st.composite
def reviews(draw: Callable[..., str]) -> ReviewContent:
    return ReviewContent(
        sections={
            name: SectionReview(
                draw(st.sampled_from(("", "accept", "return"))),  # type: ignore[arg-type]
                tuple(
                    Note(draw(TEXTS) or "z", bool(draw(st.booleans())))
                    for _ in range(int(draw(st.integers(0, 2))))
                ),
            )
            for name in ("isu", "sasaran")
        },
        criteria={"isu": Opinion(draw(st.sampled_from((None, 2, 3, 4))), "", draw(TEXTS))},  # type: ignore[arg-type]
        summary=draw(TEXTS),
    )


@given(reviews(), reviews(), reviews())
def test_nothing_typed_online_is_lost_and_bringing_it_twice_changes_nothing_more(
    base: ReviewContent, offline: ReviewContent, online: ReviewContent
) -> None:
    # a note is known by its words: where two say the same, or one takes over another's, they cannot be told apart
    said = [[note.text for part in each.sections.values() for note in part.notes] for each in (base, online)]
    assume(all(len(set(texts)) == len(texts) for texts in said))
    assume(not {note.text for part in offline.sections.values() for note in part.notes} & set(said[0]))
    out, filled = sheet(base), sheet(offline)
    found = [
        msgspec.structs.replace(row, cells=filled[name].cells if name in filled else row.cells)
        for name, row in out.items()
    ]
    once, told = merged(online, *found)
    assert merged(once, *found)[0] == once
    if base.summary != online.summary:
        assert once.summary == online.summary
    if base.opinion("isu") != online.opinion("isu"):
        assert once.opinion("isu") == online.opinion("isu")
    if online == base:
        assert once.summary == offline.summary
        assert once.opinion("isu") == offline.opinion("isu")
        assert once.section("isu").decision == offline.section("isu").decision
    for name in ("isu", "sasaran"):  # a note that the sheet did not go out with is never taken away
        before = {(note.text, note.must) for note in base.section(name).notes}
        now = {(note.text, note.must) for note in once.section(name).notes}
        assert {(note.text, note.must) for note in online.section(name).notes} - before <= now
