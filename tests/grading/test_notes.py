"""Notes of a review: their kinds, their places, and how both come through form, store and page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from werkzeug.datastructures import MultiDict

from lms.anchors import Row, Spot, Words
from lms.grading import actions, content, forms, models
from lms.grading.content import Note, ReviewContent, SectionReview
from lms.projects import actions as work_actions
from lms.projects import models as projects
from lms.projects.content import FileRef, Table
from lms.rubric import Criterion, Level, Rubric
from tests.cast import NOW, Cast
from tests.grading.reviews import ACCEPT, ACCEPTED, HOUR, committed, handed_in, second_version, send
from tests.grading.test_views import with_file
from tests.projects.work import TABLE, TEXT, change_project, hand_in, save

QUOTED = Words("paket perjalanan", "Lama tinggal wisatawan hanya 1,3 hari, karena ", " belum terpadu.", 8, 2)
RUBRIC = Rubric(
    title="Rubrik",
    levels=(Level(id=2, label="Baik"), Level(id=1, label="Kurang")),
    criteria=(Criterion(id="a", title="A", weight=Decimal(100)),),
)
FILE = FileRef("a" * 64, "peta.pdf", 10, "application/pdf")


def test_what_was_stored_before_there_were_kinds_is_read() -> None:
    old = '{"sections":{"isu":{"decision":"return","notes":[{"text":"a","must":true},{"text":"b","must":false}]}}}'
    notes = content.decode(old).section("isu").notes
    assert [(note.text, note.must, note.kind, note.anchor) for note in notes] == [
        ("a", True, "must", None),
        ("b", False, "suggestion", None),
    ]


@pytest.mark.parametrize("anchor", [None, QUOTED, Row("r", 2, "t", "a · b"), Spot("a" * 64, 3, 20, 30)])
def test_kind_and_place_are_kept(anchor: Any) -> None:
    note = Note("Bagus.", kind="praise", anchor=anchor)
    assert not note.must
    said = ReviewContent(sections={"isu": SectionReview("accept", (note,))})
    assert content.decode(content.encode(said)) == said


def test_praise_alone_is_no_reason_to_return() -> None:
    def kinds(*notes: Note) -> list[str]:
        said = ReviewContent(sections={"isu": SectionReview("return", notes)})
        return [gap.kind for gap in content.gaps([content.Open("isu")], RUBRIC, said)]

    assert kinds(Note("Bagus.", kind="praise")) == kinds() == ["no_note"]
    assert kinds(Note("Mengapa?", kind="question")) == []


def read(held: Any, **fields: str) -> list[Note]:
    form = MultiDict(
        {"note": "1", "note.1": "Perbaiki."} | {f"{name}.1": value for name, value in fields.items()}
    )
    said = forms.review_in(form, ReviewContent(), RUBRIC, "isu", (), held)
    return list(said.section("isu").notes)


def test_a_place_is_read_as_the_section_can_have_it() -> None:
    assert read(TEXT, quote="PAKET  perjalanan")[0].anchor == Words(
        "paket perjalanan", "Lama tinggal wisatawan hanya 1,3 hari, karena ", " belum terpadu", 10, 2
    )
    assert read(TEXT, quote="tidak ada di sana")[0].anchor == Words("tidak ada di sana")
    assert read(TEXT, quote="  ", row="1", file="a" * 64)[0].anchor is None
    assert read(TABLE, row="1", column="t1")[0].anchor == Row(
        "baris1", 1, "t1", "turun · Pengangguran menurun · 5,55 · 5,20"
    )
    assert read(TABLE, row="1", column="_id")[0].anchor == Row(
        "baris1", 1, "", read(TABLE, row="1")[0].anchor.cells
    )  # type: ignore[union-attr]
    for row in ("", "2", "0", "-1", "x", "9" * 400):
        assert read(TABLE, row=row)[0].anchor is None
    spot = {"file": FILE.sha256, "page": "3", "x": "250", "y": "99999"}
    assert read((FILE,), **spot)[0].anchor == Spot(FILE.sha256, 3, 250, 1000)
    assert read((), **spot)[0].anchor is None


def test_a_kind_that_is_none_is_a_suggestion_and_a_form_without_kinds_says_must() -> None:
    kinds = [read("", **fields)[0].kind for fields in ({"kind": "praise"}, {"kind": "x"}, {"must": "on"}, {})]
    assert kinds == ["praise", "suggestion", "must", "suggestion"]


@pytest.mark.parametrize(
    ("held", "anchor"),
    [(TEXT, QUOTED), (TABLE, Row("baris1", 1, "t1")), ((FILE,), Spot(FILE.sha256, 3, 1, 2)), ("", None)],
)
def test_the_fields_of_a_note_say_it_again(held: Any, anchor: Any) -> None:
    note = Note("Perbaiki.", kind="question", anchor=anchor)
    form = MultiDict(list(forms.note_fields(note, "s1")))
    said = forms.review_in(form, ReviewContent(), RUBRIC, "isu", (), held).section("isu").notes[0]
    assert (said.text, said.kind, type(said.anchor)) == (note.text, "question", type(anchor))


# Delivered

NOTED = ReviewContent(
    sections={
        "isu": SectionReview(
            "return",
            (
                Note("Rinci paketnya.", kind="must", anchor=QUOTED),
                Note("Dari mana?", kind="question"),
                Note("Bahasanya baik.", kind="praise"),
            ),
        ),
        "sasaran": ACCEPT,
        "lampiran": ACCEPT,
    }
)


def test_a_sent_review_delivers_kind_and_place_and_asks_again_for_what_is_open(
    cast: Cast, session: Any
) -> None:
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    notes = projects.notes_of(first.work_id, 1)
    assert [(note.kind, note.must, note.place, note.answerable) for note in notes] == [
        ("must", True, QUOTED, True),
        ("question", False, None, True),
        ("praise", False, None, False),
    ]
    second = second_version(cast, first)
    still = ReviewContent(
        sections={"isu": SectionReview("return")},
        earlier={notes[0].id: "open", notes[1].id: "settled"},
    )
    send(second, still, cast.people["dewi"], now=NOW + 4 * HOUR)
    again = projects.notes_of(first.work_id, 2)
    assert [(note.kind, note.place, note.reply, note.text) for note in again] == [
        ("must", QUOTED, "", "Rinci paketnya.")
    ]


def test_the_database_keeps_kind_and_place_as_they_were(cast: Cast, session: Any) -> None:
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    note = projects.notes_of(first.work_id, 1)[0]
    note.kind = "praise"
    with pytest.raises(RuntimeError, match="immutable"):
        session.flush()
    session.rollback()


# On the desk


def test_quoted_words_are_marked_with_a_way_there_and_back(cast: Cast, as_person: Any, session: Any) -> None:
    version = committed(handed_in(cast))
    page = as_person("dewi").get(f"/telaah/{version.id}?bagian=isu")
    dewi = as_person("dewi")
    answer = dewi.post(
        f"/telaah/{version.id}",
        data={
            "revision": "0",
            "section": "isu",
            "note": "1",
            "note.1": "Rinci.",
            "kind.1": "question",
            "quote.1": "paket perjalanan",
            "decision": "return",
        },
    )
    assert (page.status_code, answer.status_code) == (200, 303)
    html = dewi.get(f"/telaah/{version.id}?bagian=isu").text
    assert (
        '<mark class="note-mark note-question">paket perjalanan</mark><a class="note-ref" id="tanda-1" href="#note-1"'
        in html
    )
    assert '<a href="#tanda-1">' in html
    assert models.draft_of(version.id, cast.people["dewi"]) is not None


def test_a_row_can_be_chosen_and_leads_to_its_note(cast: Cast, as_person: Any, session: Any) -> None:
    version = committed(handed_in(cast))
    dewi = as_person("dewi")
    data = {
        "revision": "0",
        "section": "sasaran",
        "note": "1",
        "note.1": "Naik?",
        "kind.1": "must",
        "row.1": "1",
    }
    assert dewi.post(f"/telaah/{version.id}", data=data | {"column.1": "t1"}).status_code == 303
    html = dewi.get(f"/telaah/{version.id}?bagian=sasaran").text
    assert '<a class="note-ref" id="tanda-1" href="#note-1"' in html
    assert '<option value="1" selected>1. Pengangguran menurun' in html


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Sama sekali lain isinya, tanpa satu pun kata yang dahulu.",
            "Bagian ini sudah tidak ada di versi ini.",
        ),
        ("Karena paket perjalanan belum terpadu.", 'id="tanda-lama-'),
    ],
)
def test_the_next_version_shows_where_a_note_stands_or_that_it_is_gone(
    cast: Cast, as_person: Any, session: Any, monkeypatch: Any, text: str, told: str
) -> None:
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    monkeypatch.setattr("tests.grading.reviews.SECOND_TEXT", f"## Akar masalah\n\n{text}")
    second = committed(second_version(cast, first))
    html = as_person("dewi").get(f"/telaah/{second.id}?bagian=isu&tampil=penuh").text
    assert told in html
    assert "Tindak lanjut peserta:" in html


def test_what_reviewers_quote_is_shown_as_typed(cast: Cast, as_person: Any, session: Any) -> None:
    version = handed_in(cast)
    hostile = '<img src=x onerror=alert(1)> paket perjalanan"'
    actions.save_draft(
        version,
        None,
        ReviewContent(sections={"isu": SectionReview("", (Note("x", anchor=Words(hostile)),))}),
        beginning=ReviewContent(),
        revision=0,
        by=cast.people["dewi"],
        now=NOW,
    )
    committed(None)
    html = as_person("dewi").get(f"/telaah/{version.id}?bagian=isu").text
    assert "<img" not in html
    assert ACCEPTED.sections["isu"] == ACCEPT


# Rounds


def sections_of(version: Any) -> dict[str, tuple[str, str, int | None]]:
    return {part.section_id: (part.content, part.sha256, part.carried_from) for part in version.parts}


def test_accepted_sections_stay_the_same_bytes_through_three_rounds(cast: Cast, session: Any) -> None:
    back = ReviewContent(
        sections={
            "isu": SectionReview("return", (Note("Belum."),)),
            "sasaran": ACCEPT,
            "lampiran": ACCEPT,
        }
    )
    first = handed_in(cast)
    send(first, back, cast.people["dewi"])
    second = second_version(cast, first)
    (note,) = projects.notes_of(first.work_id, 1)
    again = ReviewContent(sections={"isu": SectionReview("return")}, earlier={note.id: "open"})
    send(second, again, cast.people["dewi"], now=NOW + 4 * HOUR)
    work = projects.workspace(first.work_id)
    assert work is not None
    with pytest.raises(work_actions.Locked):
        save(work, "sasaran", Table(), by=cast.people["sari"], revision=1)
    for each in projects.notes_of(first.work_id, 2):
        work_actions.reply(each, "Ditambah lagi.", by=cast.people["sari"], now=NOW + 5 * HOUR)
    save(work, "isu", TEXT + "\n\nDengan sumbernya.", by=cast.people["sari"], now=NOW + 5 * HOUR)
    third = hand_in(work, cast.people["sari"], now=NOW + 6 * HOUR)
    one, two, three = map(sections_of, (first, second, third))
    for name in ("sasaran", "lampiran"):
        assert one[name][:2] == two[name][:2] == three[name][:2]
        assert (one[name][2], two[name][2], three[name][2]) == (None, 1, 1)
    assert len({each["isu"][1] for each in (one, two, three)}) == 3


def test_the_last_round_returns_nothing(cast: Cast, session: Any) -> None:
    change_project(rounds=2)
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    must, question, _ = projects.notes_of(first.work_id, 1)
    second = second_version(cast, first)
    still = ReviewContent(
        sections={"isu": SectionReview("return", (Note("Belum."),))}, earlier={must.id: "open"}
    )
    with pytest.raises(actions.Incomplete) as refused:
        send(second, still, cast.people["dewi"], now=NOW + 4 * HOUR)
    assert "last_round" in [gap.kind for gap in refused.value.gaps]
    taken = ReviewContent(
        sections={"isu": ACCEPT},
        criteria=ACCEPTED.criteria,
        earlier={must.id: "open", question.id: "settled"},
    )
    review, made, settled = send(second, taken, cast.people["dewi"], now=NOW + 4 * HOUR)
    assert (review.outcome, made, settled) == ("accepted", True, True)
    session.refresh(must)
    session.refresh(question)
    assert (must.resolved_in, question.resolved_in) == (None, 2)


def test_a_returned_section_says_of_each_must_whether_it_is_settled(cast: Cast, session: Any) -> None:
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    must = projects.notes_of(first.work_id, 1)[0]
    second = second_version(cast, first)
    silent = ReviewContent(sections={"isu": SectionReview("return", (Note("Lagi."),))})
    with pytest.raises(actions.Incomplete) as refused:
        send(second, silent, cast.people["dewi"], now=NOW + 4 * HOUR)
    assert [gap.kind for gap in refused.value.gaps] == ["unjudged"]
    send(
        second,
        msgspec.structs.replace(silent, earlier={must.id: "settled"}),
        cast.people["dewi"],
        now=NOW + 4 * HOUR,
    )


def test_the_desk_says_which_round_it_is(cast: Cast, as_person: Any, session: Any) -> None:
    change_project(rounds=1)
    version = committed(handed_in(cast))
    html = as_person("dewi").get(f"/telaah/{version.id}?bagian=isu").text
    assert "Ini putaran terakhir (1 dari 1)" in html


# The team's answers


def test_the_team_answers_each_must_before_it_hands_in_again(
    cast: Cast, as_person: Any, session: Any
) -> None:
    change_project(rounds=3)
    first = handed_in(cast)
    work_id, by = first.work_id, cast.people["sari"]
    send(first, NOTED, cast.people["dewi"])
    must, question, praise = (note.id for note in committed(projects.notes_of(work_id, 1)))
    sari = as_person("sari")
    page = sari.get(f"/proyek/kerja/{work_id}/isu").text
    assert "0 dari 1 catatan wajib sudah dijawab." in page
    assert "putaran 2 dari 3" in page
    assert f"jawab-{praise}" not in page
    gate = sari.get(f"/proyek/kerja/{work_id}/kumpulkan").text
    assert f"#catatan-{must}" in gate
    assert "Putaran 2 dari 3" in gate
    work = projects.workspace(work_id)
    assert work is not None
    with pytest.raises(work_actions.NotReady) as refused:
        hand_in(work, by, now=NOW + 2 * HOUR)
    assert [note.id for note in refused.value.readiness.unanswered] == [must]
    session.rollback()
    answer = sari.post(
        f"/proyek/catatan/{must}", data={"reply": "karena datanya belum ada", "kind": "disagree"}
    )
    assert answer.status_code == 303
    assert sari.post(f"/proyek/catatan/{praise}", data={"reply": "Terima kasih"}).status_code in (409, 413)
    assert (
        sari.post(f"/proyek/catatan/{question}", data={"reply": "BPS", "kind": "disagree"}).status_code == 303
    )
    session.expire_all()
    replies = {note.id: (note.reply_kind, note.reply) for note in projects.notes_of(work_id, 1)}
    assert replies == {
        must: ("disagree", "karena datanya belum ada"),
        question: ("", "BPS"),
        praise: ("", ""),
    }
    work = projects.workspace(work_id)
    assert work is not None
    assert hand_in(work, by, now=NOW + 2 * HOUR).number == 2
    session.commit()
    desk = as_person("dewi").get(f"/telaah/{first.id + 1}?bagian=isu").text
    assert "Tidak sependapat" in desk


# Places on pages of files


def test_a_place_on_a_page_is_shown_without_the_name_of_the_file_where_it_must_not_be(
    cast: Cast, as_person: Any, session: Any
) -> None:
    change_project(blind="learner")
    version = with_file(cast)
    said = ReviewContent(
        sections={"lampiran": SectionReview("", (Note("Judulnya.", anchor=Spot("a" * 64, 2, 250, 500)),))}
    )
    actions.save_draft(
        version, None, said, beginning=ReviewContent(), revision=0, by=cast.people["dewi"], now=NOW
    )
    committed(None)
    html = as_person("dewi").get(f"/telaah/{version.id}?bagian=lampiran").text
    assert 'data-page="2" data-x="250" data-y="500">1</a>' in html
    assert "lampiran-1.pdf, halaman 2" in html
    assert "Lampiran Sari" not in html
    assert '<input class="control" type="number"' in html


def test_the_result_shows_where_notes_stand_and_asks_nothing_about_praise(
    cast: Cast, as_person: Any, session: Any
) -> None:
    version = handed_in(cast)
    send(version, NOTED, cast.people["dewi"])
    must, _, praise = (note.id for note in committed(projects.notes_of(version.work_id, 1)))
    html = as_person("sari").get(f"/proyek/hasil/{version.work_id}").text
    assert "<q>paket perjalanan</q>" in html
    assert f'id="jawab-{must}"' in html
    assert f'id="jawab-{praise}"' not in html
