"""The demo people and their cohort."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms import audit, demo
from lms.courses.models import Cohort, Schedule
from lms.extensions import Base, db
from lms.people.models import Person
from lms.projects.models import SubmissionPart, SubmissionVersion
from lms.projects.receipt import signing_key
from lms.publishing import actions, source
from tests.cast import sample
from tests.conftest import Browser

COURSE = Path(__file__).parent.parent / "content" / "penyusunan-rpjmd"
KEY = signing_key("a secret of the tests that is long enough")
NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("hour", [1, 18])
def test_the_demo_cohort_has_whole_days(
    hour: int, clean: None, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it is made late in the evening, when Jakarta has the next day already."""
    now = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
    actions.publish(sample(), by=None, now=now)
    monkeypatch.setattr(demo, "COURSE", "kursus-uji")
    assert demo.create(key=KEY, now=now)
    session.commit()
    cohort = session.query(Cohort).one()
    today = 24 if hour == 1 else 25
    assert cohort.starts_at == datetime(2026, 11, today - 21, 17, 0, tzinfo=UTC), "00.00 WIB"
    assert (cohort.ends_at.hour, cohort.ends_at.minute, cohort.ends_at.second) == (16, 59, 59)
    due = session.query(Schedule).one().due_at
    assert due == datetime(2026, 12, today - 12, 16, 59, 59, tzinfo=UTC), "23.59.59 WIB, in 18 days"


def rows() -> dict[str, int]:
    """How many rows every table has."""
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def test_a_work_waits_on_the_desk_of_the_demo_facilitators(app: Flask, clean: None) -> None:
    """With the real course: whoever starts the platform for the first time sees the review desk at once."""
    draft, problems = source.read_folder(COURSE)
    assert draft is not None, problems
    with app.app_context():
        actions.publish(draft, by=None, now=NOW)
        assert demo.create(key=KEY, now=NOW)
        db.session.commit()
        version = db.session.scalars(select(SubmissionVersion)).one()
        author = db.session.get(Person, version.submitted_by)
        assert author is not None
        assert (version.number, author.email) == (1, "peserta2@contoh.id")
        assert version.submitted_at < NOW
        assert version.late_seconds == 0
        parts = {
            part.section_id: part.content
            for part in db.session.scalars(
                select(SubmissionPart).where(SubmissionPart.submission_id == version.id)
            )
        }
        assert set(parts) == {"isu", "sasaran", "program", "kapasitas", "lampiran"}
        assert all("(contoh)" in parts[section] for section in ("isu", "sasaran", "kapasitas"))
        assert "definisi-operasional-contoh.xlsx" in parts["lampiran"]
        assert demo.work.REASON in version.reasons, "one advice was not followed, with its reason"
        assert audit.first_broken() is None
        before = rows()
        assert not demo.create(key=KEY, now=NOW), "the database has somebody"
        db.session.commit()
        assert rows() == before
    for who in ("fasilitator@contoh.id", "fasilitator2@contoh.id"):
        reviewer = Browser(app)
        assert reviewer.sign_in(who).status_code == 302
        page = reviewer.get("/telaah").get_data(as_text=True)
        assert "Rancangan awal RPJMD" in page
        assert "Rahmi" not in page, "the project hides whose work it is"
        desk = reviewer.get(f"/telaah/{version_id(app)}", follow_redirects=True).get_data(as_text=True)
        assert "Akar masalah" in desk


def version_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(SubmissionVersion.id)).one()
