"""What the desk costs on a large submission: 15,000 words, 60 notes of the version before, most of it unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from flask import Flask

from lms.extensions import db
from lms.grading.content import Note, ReviewContent, SectionReview
from lms.projects import actions as work_actions
from lms.projects import models as projects
from lms.projects.content import Table
from lms.projects.source import Span
from tests.bench.filling import long_text
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import ACCEPT, HOUR, send, work_of
from tests.projects.work import ROW, begin, change_project, fill, hand_in, save

SignIn = Callable[[str], Browser]
WORDS = 15_000


@pytest.fixture
def large(app: Flask, cast: Cast) -> str:
    """The address of a second version: a long text with 36 notes of the first, a table with 24."""
    with app.app_context():
        project = change_project()
        change_project(
            sections=tuple(
                msgspec.structs.replace(each, words=Span(1, 20_000))
                if each.kind == "text"
                else msgspec.structs.replace(each, rows=Span(1, 200))
                if each.kind == "table"
                else each
                for each in project.sections
            )
        )
        sari, dewi = cast.people["sari"], cast.people["dewi"]
        rows = tuple({**ROW, "_id": f"baris{at}", "sasaran": f"Sasaran ke-{at}"} for at in range(100))
        work = begin(cast, now=NOW - HOUR)
        fill(work, sari, now=NOW - HOUR)
        save(work, "isu", long_text(WORDS), by=sari)
        save(work, "sasaran", Table(rows), by=sari)
        first = hand_in(work, sari, now=NOW)
        notes = {"isu": 36, "sasaran": 24}
        said = ReviewContent(
            sections={
                name: SectionReview(
                    "return", tuple(Note(f"Catatan **{at}** untuk diperbaiki.") for at in range(count))
                )
                for name, count in notes.items()
            }
            | {"lampiran": ACCEPT}
        )
        send(first, said, dewi)
        for note in projects.notes_of(first.work_id, 1):
            work_actions.reply(note, "Diperbaiki.", by=sari, now=NOW + HOUR)
        work = work_of(first)
        save(work, "isu", long_text(WORDS, "yang sudah diperbaiki"), by=sari, now=NOW + 2 * HOUR)
        save(
            work,
            "sasaran",
            Table((*rows[:50], {**rows[50], "t1": "4,90"}, *rows[51:])),
            by=sari,
            now=NOW + 2 * HOUR,
        )
        version_id = hand_in(work, sari, now=NOW + 2 * HOUR).id
        db.session.commit()
        db.session.remove()
        return f"/telaah/{version_id}"


def test_a_large_submission_opens_in_few_statements(
    as_person: SignIn, large: str, count_statements: Any
) -> None:
    dewi = as_person("dewi")
    dewi.post_json(f"{large}/giliran", {})
    asked = ("", "?bagian=sasaran", "?tampil=ringkasan", "?tampil=penuh", "?komentar=note")
    for address in (f"{large}{each}" for each in asked):
        page = dewi.get(address)
        assert page.status_code == 200
        with count_statements() as counted:
            dewi.get(address)
        assert len(counted) <= 12, (address, counted.statements)
    assert "kata tidak berubah · tampilkan" in str(dewi.get(large).get_data(as_text=True))
