"""The official sheet: its rows, who may read it, and that it names nobody it must not."""

from __future__ import annotations

import io
from typing import Any

import pypdfium2
import pytest

from lms.grading.content import ReviewContent, SectionReview
from lms.grading.sheet.pdf import Line, Paper, write
from lms.grading.sheet.table import Place, entries, plain
from lms.grading.verdict import Sent
from lms.projects import models as projects
from tests.cast import NOW, Cast
from tests.grading.reviews import ACCEPTED, HOUR, committed, handed_in, second_version, send
from tests.grading.test_notes import NOTED
from tests.projects.work import change_project


def read(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
        # the box that a hyphen at the end of a line leaves, and lines that a cell breaks
        return " ".join(text.replace("\ufffe", "").split())
    finally:
        document.close()


def test_a_note_on_paper_has_no_markup_but_its_list() -> None:
    assert plain("**Rinci** [sumber](http://a.b).\n\n- satu\n2. dua") == "Rinci sumber.\n• satu\n2. dua"


def test_rows_say_section_note_answer_and_what_became_of_it(cast: Cast, session: Any) -> None:
    first = handed_in(cast)
    review, _, _ = send(first, NOTED, cast.people["dewi"])
    project = projects.project(first.work.item_id)
    sent = [_sent(NOTED)]
    notes = projects.notes_of(first.work_id)
    made = entries(project, 1, sent, notes, 1)
    assert [(row.section[:2], row.rows, row.kind, row.advice) for row in made] == [
        ("1.", 3, "must", "again"),
        ("", 0, "question", "again"),
        ("", 0, "praise", "none"),
        ("2.", 1, "", "accepted"),
        ("3.", 1, "", "accepted"),
    ]
    assert made[0].place == Place("words", "paket perjalanan")
    second_version(cast, first)
    done = ReviewContent(
        sections={"isu": SectionReview("accept")},
        criteria=ACCEPTED.criteria,
        earlier={notes[0].id: "settled"},
    )
    second = projects.submission(first.id + 1)
    assert second is not None
    send(second, done, cast.people["dewi"], now=NOW + 4 * HOUR)
    again = entries(project, 1, sent, projects.notes_of(first.work_id), 2)
    assert [(row.advice, row.version, row.reply_kind) for row in again[:3]] == [
        ("settled", 2, "fixed"),
        ("settled", 2, ""),
        ("none", 2, ""),
    ]
    assert review.outcome == "returned"


def _sent(said: ReviewContent) -> Any:
    return Sent(said, "returned")


HOSTILE = '#panic("x") $x$ *b* `c` <a> \\ @b [c] #include "/etc/passwd" \u202e'


def test_words_of_people_are_only_words_on_paper() -> None:
    paper = Paper(
        issuer=HOSTILE,
        heading="Lembar",
        title=HOSTILE,
        facts=[("Proyek", HOSTILE)],
        heads=("Bab/Subbab", "Catatan penyempurnaan", "Tindak lanjut", "Rekomendasi"),
        lines=[
            Line("1. Isu", 1, "Saran", f"{HOSTILE}\n\n{HOSTILE}", HOSTILE, "Diperbaiki", HOSTILE, "Diterima")
        ]
        * 40,
        advice_head="Rekomendasi",
        advice=[HOSTILE],
        signer="Penelaah",
        signers=["Dewi"],
        page="Halaman",
        language="id",
    )
    text = read(write(paper))
    assert '#panic("x")' in text
    assert "root:" not in text
    assert "Dewi" in text


@pytest.mark.parametrize(
    ("who", "status"),
    [("sari", 200), ("dewi", 200), ("ratna", 200), ("budi", 404), ("hasan", 404), ("wati", 404)],
)
def test_the_learner_the_reviewer_and_the_administrator_read_it(
    cast: Cast, as_person: Any, session: Any, who: str, status: int
) -> None:
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    committed(None)
    for address in (f"/proyek/hasil/{first.work_id}/lembar/1", f"/proyek/hasil/{first.work_id}/lembar/1.pdf"):
        assert as_person(who).get(address).status_code == status
    assert as_person("sari").get(f"/proyek/hasil/{first.work_id}/lembar/2").status_code == 404
    assert as_person("sari").post(f"/proyek/hasil/{first.work_id}/lembar/1").status_code == 405


def test_nothing_before_the_version_is_decided(cast: Cast, as_person: Any, session: Any) -> None:
    first = committed(handed_in(cast))
    assert as_person("sari").get(f"/proyek/hasil/{first.work_id}/lembar/1.pdf").status_code == 404


def test_blind_sheets_name_nobody_to_the_other_side(cast: Cast, as_person: Any, session: Any) -> None:
    change_project(blind="both")
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    address = f"/proyek/hasil/{first.work_id}/lembar/1"
    names = {name: _name(cast, name) for name in ("sari", "dewi")}
    committed(None)
    for who, hidden, shown in (("sari", "dewi", "sari"), ("dewi", "sari", "dewi")):
        page = as_person(who).get(address)
        made = as_person(who).get(f"{address}.pdf")
        words = read(made.data)
        article = page.text.partition("<article")[2].partition("</article>")[0]
        for text in (article, words):
            assert names[hidden] not in text
            assert names[shown] in text
        assert names["sari"].split()[0].lower() not in made.headers["Content-Disposition"].lower()
        document = pypdfium2.PdfDocument(io.BytesIO(made.data))
        told = document.get_metadata_dict(skip_empty=True)
        document.close()
        assert "Author" not in told
        assert not any(name in value for name in names.values() for value in told.values())


def _name(cast: Cast, who: str) -> str:
    return projects.member_names([cast.people[who]])[cast.people[who]]


def test_the_pdf_says_what_the_page_says(cast: Cast, as_person: Any, session: Any) -> None:
    first = handed_in(cast)
    send(first, NOTED, cast.people["dewi"])
    second_version(cast, first)
    committed(None)
    address = f"/proyek/hasil/{first.work_id}/lembar/1"
    page = as_person("sari").get(address).text
    words = read(as_person("sari").get(f"{address}.pdf").data)
    for told in (
        "Bab/Subbab",
        "Tindak lanjut",
        "Rinci paketnya.",
        "Sumber ditambahkan.",
        "Diperbaiki",
        "Apresiasi",
    ):
        assert told in page
        assert told in words
