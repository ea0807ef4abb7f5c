"""What the desk shows beside the text: changes since the own review, findings with reasons, files as pages."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from flask import Flask

from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading import models
from lms.grading.content import Note, ReviewContent, SectionReview
from lms.projects import actions as work_actions
from lms.projects import models as projects
from lms.projects.content import Table
from lms.projects.models import SubmissionVersion
from lms.projects.source import FilesSection
from lms.web import SPLICE
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import ACCEPT, HOUR, handed_in, send, work_of
from tests.projects.work import CHAIN, PNG, ROW, TEXT, begin, change_project, fill, hand_in, save

SignIn = Callable[[str], Browser]
BACK = ReviewContent(
    sections={
        "isu": SectionReview("return", (Note("Sebutkan sumber."),)),
        "sasaran": SectionReview("return", (Note("Perbaiki target."),)),
        "lampiran": ACCEPT,
    }
)


def text_of(response: Any) -> str:
    return str(response.get_data(as_text=True))


def committed(app: Flask, deed: Callable[[], Any]) -> Any:
    with app.app_context():
        try:
            value = deed()
            db.session.commit()
            return value
        finally:
            db.session.remove()


def again(version: SubmissionVersion, now: Any, **held: Any) -> SubmissionVersion:
    """The team answers every note, changes these sections, and hands in the next version."""
    for note in projects.notes_of(version.work_id, version.number):
        work_actions.reply(note, "Diperbaiki.", by=version.submitted_by, now=now)
    work = work_of(version)
    for section_id, each in held.items():
        save(work, section_id, each, by=version.submitted_by, now=now)
    return hand_in(work, version.submitted_by, now=now)


def test_changes_are_told_since_the_version_i_reviewed(app: Flask, cast: Cast, as_person: SignIn) -> None:
    def deed() -> int:
        hasan = cast.people["hasan"]
        db.session.add(CohortFacilitator(cohort_id=cast.cohort_id, person_id=hasan, added_at=NOW))
        first = handed_in(cast)
        send(first, BACK, cast.people["dewi"], now=NOW + HOUR)
        second = again(first, NOW + 2 * HOUR, isu=f"{TEXT} Ditambah kedua.")
        judged = {note.id: "settled" for note in projects.notes_of(second.work_id, 1)}
        send(second, msgspec.structs.replace(BACK, earlier=judged), hasan, now=NOW + 3 * HOUR)
        return again(second, NOW + 4 * HOUR, isu=f"{TEXT} Ditambah kedua. Ditambah ketiga.").id

    version_id = committed(app, deed)
    mine = text_of(as_person("dewi").get(f"/telaah/{version_id}?bagian=isu"))
    assert "<ins> Ditambah kedua. Ditambah ketiga.</ins>" in mine
    assert "Perubahan sejak versi 1, yang terakhir Anda telaah" in mine
    theirs = text_of(as_person("hasan").get(f"/telaah/{version_id}?bagian=isu"))
    assert "<ins> Ditambah ketiga.</ins>" in theirs
    assert "yang terakhir Anda telaah" not in theirs


def test_unchanged_rows_are_folded_and_open_without_javascript(
    app: Flask, cast: Cast, as_person: SignIn
) -> None:
    rows = [{**ROW, "_id": f"baris{at}", "sasaran": f"Sasaran ke-{at}"} for at in range(9)]

    def deed() -> int:
        work = begin(cast, now=NOW - HOUR)
        fill(work, cast.people["sari"], now=NOW - HOUR)
        save(work, "sasaran", Table(tuple(rows)), by=cast.people["sari"])
        first = hand_in(work, cast.people["sari"], now=NOW)
        send(first, BACK, cast.people["dewi"])
        changed = Table((*rows[:4], {**rows[4], "t1": "4,90"}, *rows[5:]))
        return again(first, NOW + 2 * HOUR, sasaran=changed).id

    version_id = committed(app, deed)
    page = text_of(as_person("dewi").get(f"/telaah/{version_id}?bagian=sasaran"))
    assert "8 baris tidak berubah · tampilkan" in page
    assert page.index("Sasaran ke-4") < page.index('<details class="desk-fold">') < page.index("Sasaran ke-0")
    assert page.count(">Sasaran ke-0</td>") + page.count(">Sasaran ke-0\n</td>") == 1


def test_findings_stand_with_the_reasons_given_and_are_counted(
    app: Flask, cast: Cast, as_person: SignIn, count_statements: Any
) -> None:
    def deed() -> int:
        change_project(CHAIN)
        work = begin(cast, now=NOW - HOUR)
        goals = [{"_id": "a", "sasaran": "Satu"}, {"_id": "b", "sasaran": "Dua"}]
        save(work, "sasaran", Table(tuple(goals)), by=cast.people["sari"])
        programmes = [{"_id": "p", "sasaran": "Satu", "pagu": "1000"}]  # none for the second
        save(work, "program", Table(tuple(programmes)), by=cast.people["sari"])
        ready = work_actions.readiness(work)
        assert len(ready.questions) == 1
        reasons = {each.key: "Angka <i>nasional</i>." for each in ready.questions}
        return hand_in(work, cast.people["sari"], reasons=reasons, now=NOW).id

    version_id = committed(app, deed)
    dewi = as_person("dewi")
    page = text_of(dewi.get(f"/telaah/{version_id}?bagian=sasaran"))
    assert "Temuan pemeriksaan (1)" in page
    assert "Angka &lt;i&gt;nasional&lt;/i&gt;." in page
    assert "1 temuan" in page
    assert page.count("Angka &lt;i&gt;") == 1
    with count_statements() as counted:
        dewi.get(f"/telaah/{version_id}?bagian=sasaran")
    # what the checks find in a version never changes, and is not looked for again
    assert not [
        each for each in counted.statements if "submission_part.content " in each and "CASE" not in each
    ]


def test_large_parts_are_sent_compressed_as_they_were(
    app: Flask, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = committed(app, lambda: handed_in(cast).id)
    dewi, address = as_person("dewi"), f"/telaah/{version}"
    form = re.compile(r'name="csrf_token" value="[^"]*"')

    def page(**headers: str) -> str:
        response = dewi.get(address, headers=headers, check=not headers)
        body = response.get_data()
        packed = response.headers.get("Content-Encoding") == "gzip"
        assert packed is bool(headers)
        return form.sub("", (gzip.decompress(body) if packed else body).decode())

    whole = page()
    monkeypatch.setattr("lms.web.SMALLEST_KEPT", 1)
    assert SPLICE not in whole
    assert page() == whole
    assert page(**{"Accept-Encoding": "gzip"}) == whole
    assert whole.count('id="rubrik-judul"') == whole.count('id="bagian-judul"') == 1


def test_what_the_checks_find_is_kept_by_content_and_definition(cast: Cast, session: Any) -> None:
    version = handed_in(cast)
    assert models.findings_of(version) is models.findings_of(version)
    before = models.findings_of(version)
    project = projects.project(version.work.item_id)
    sections = tuple(
        msgspec.structs.replace(each, requires=("Tidak ada",)) if each.id == "isu" else each
        for each in project.sections
    )
    change_project(sections=sections)
    assert [each.section for each in models.findings_of(version)["isu"]] == ["isu"]
    assert models.findings_of(version) is not before


# Files


@pytest.fixture
def attachment(app: Flask, cast: Cast, as_person: SignIn) -> tuple[int, int]:
    """A picture of Sari's first version: the version's id and the attachment's."""

    def begun() -> int:
        project = change_project()
        change_project(
            sections=tuple(
                FilesSection(id=each.id, title=each.title) if isinstance(each, FilesSection) else each
                for each in project.sections
            )
        )
        work = begin(cast)
        fill(work, cast.people["sari"])
        return work.id

    work_id = committed(app, begun)
    file = {"file": (io.BytesIO(PNG), "Peta Sari.png")}
    assert as_person("sari").post(f"/proyek/kerja/{work_id}/lampiran/berkas", data=file).status_code == 303
    with app.app_context():
        work = projects.workspace(work_id)
        assert work is not None
        version_id = hand_in(work, cast.people["sari"], now=NOW + timedelta(minutes=1)).id
        db.session.commit()
        (attachment_id,) = projects.attachment_ids(work_id).values()
        db.session.remove()
    return version_id, attachment_id


def test_pictures_open_in_place(as_person: SignIn, attachment: tuple[int, int]) -> None:
    version_id, attachment_id = attachment
    desk = text_of(as_person("dewi").get(f"/telaah/{version_id}?bagian=lampiran"))
    assert f'loading="lazy" src="/proyek/berkas/{attachment_id}/halaman/1.png"' in desk


def test_names_of_files_stay_hidden_where_reviews_are_blind(
    app: Flask, as_person: SignIn, attachment: tuple[int, int]
) -> None:
    committed(app, lambda: change_project(blind="learner"))
    assert "Sari" not in text_of(as_person("dewi").get(f"/telaah/{attachment[0]}?bagian=lampiran"))
