"""A learner's grades and the public verification of receipts."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from lms.courses.models import GradeEntry, item_id
from lms.projects.models import SubmissionVersion, Work, WorkMember
from tests.grading.reviews import handed_in

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def entry(cast: Any, state: str, points: str, who: str = "sari") -> GradeEntry:
    return GradeEntry(
        enrolment_id=cast.enrolments[who],
        stable_id="proyek-uji",
        state=state,
        points=Decimal(points),
        reason="Alasan",
        source=f"uji:{state}:{points}",
        decided_at=NOW,
    )


def test_released_grades_only(as_person: Any, cast: Any, session: Any, count_statements: Any) -> None:
    session.add_all([entry(cast, "proposed", "61.5"), entry(cast, "agreed", "62.5")])
    session.commit()
    sari = as_person("sari")
    page = sari.get("/nilai").get_data(as_text=True)
    assert "Belum ada nilai" in page
    assert "61,5" not in page
    assert "62,5" not in page
    session.add(entry(cast, "released", "88.25"))
    session.commit()
    with count_statements() as counted:
        page = sari.get("/nilai").get_data(as_text=True)
    assert "<strong>88,25</strong>" in page
    assert len(counted) <= 8, counted.statements
    assert "88,25" not in as_person("budi").get("/nilai").get_data(as_text=True)


def test_the_newest_decision_counts(as_person: Any, cast: Any, session: Any) -> None:
    session.add(entry(cast, "released", "70"))
    session.flush()
    session.add(entry(cast, "revised", "75"))
    session.commit()
    page = as_person("sari").get("/nilai").get_data(as_text=True)
    assert "<strong>75</strong>" in page
    assert "<strong>70</strong>" not in page


def test_a_grade_just_below_the_mark_does_not_look_passed(as_person: Any, cast: Any, session: Any) -> None:
    session.add(entry(cast, "released", "69.996"))
    session.commit()
    assert "<strong>69,996</strong>" in as_person("sari").get("/nilai").get_data(as_text=True)


def test_grades_need_a_sign_in_and_somebody_without_any_is_told(browser: Any, as_person: Any) -> None:
    assert browser.get("/nilai").status_code == 302
    assert "akan tampil di sini" in as_person("wati").get("/nilai").get_data(as_text=True)
    assert browser.post("/nilai").status_code == 405


def submitted(cast: Any, session: Any) -> str:
    work = Work(
        cohort_id=cast.cohort_id,
        item_id=item_id(cast.version_id, "proyek-uji"),
        stable_id="proyek-uji",
        created_at=NOW,
    )
    session.add(work)
    session.flush()
    session.add(
        WorkMember(
            work_id=work.id,
            enrolment_id=cast.enrolments["sari"],
            person_id=cast.people["sari"],
            stable_id="proyek-uji",
            joined_at=NOW,
        )
    )
    session.add(
        SubmissionVersion(
            work_id=work.id,
            cohort_id=cast.cohort_id,
            number=1,
            submitted_at=NOW,
            submitted_by=cast.people["sari"],
            sha256="ab" * 32,
            receipt="ABCD-EFGH-JKLM-NPQR",
        )
    )
    session.commit()
    return "ABCD-EFGH-JKLM-NPQR"


def test_anybody_can_verify_a_receipt_without_learning_who(browser: Any, cast: Any, session: Any) -> None:
    code = submitted(cast, session)
    answer = browser.get(f"/verifikasi/{code.lower()}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    # a version from before receipts were signed
    assert "Nomor ini terdaftar" in page
    assert "Belum ditandatangani" in page
    assert "Bukti ini asli" not in page
    assert "ab" * 32 in page
    assert "Selasa, 24 November 2026, pukul 08.00 WIB" in page
    assert "Sari" not in page


def test_a_signed_receipt_stands_until_a_fact_is_changed(
    browser: Any, cast: Any, session: Any, count_statements: Any
) -> None:
    version = handed_in(cast)
    code, signature = version.receipt, version.signature
    session.commit()
    assert len(signature) == 64
    with count_statements() as counted:
        page = browser.get(f"/verifikasi/{code}").get_data(as_text=True)
    assert len(counted) <= 4, counted.statements
    assert "Bukti ini asli" in page
    assert "Tanda tangan cocok" in page
    assert signature in page
    for forbidden in ("Sari", "Lama tinggal", "Angkatan rpjmd"):
        assert forbidden not in page
    # somebody moves the time in the database behind the platform's back
    session.execute(
        update(SubmissionVersion).values(submitted_at=NOW - timedelta(days=1)),
        execution_options={"synchronize_session": False},
    )
    session.commit()
    answer = browser.get(f"/verifikasi/{code}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Bukti ini asli" not in page
    assert "Tanda tangan tidak cocok" in page


def test_receipts_survive_a_change_of_the_secret(
    app: Any, browser: Any, cast: Any, session: Any, monkeypatch: Any
) -> None:
    code = handed_in(cast).receipt
    session.commit()
    settings = app.config["LMS"]
    new = dataclasses.replace(settings, secret_key="n" * 40)
    monkeypatch.setitem(app.config, "LMS", new)
    assert "Tanda tangan tidak cocok" in browser.get(f"/verifikasi/{code}").get_data(as_text=True)
    kept = dataclasses.replace(new, former_secret_keys=(settings.secret_key,))
    monkeypatch.setitem(app.config, "LMS", kept)
    assert "Tanda tangan cocok" in browser.get(f"/verifikasi/{code}").get_data(as_text=True)


def test_a_forged_receipt(browser: Any, cast: Any, session: Any) -> None:
    submitted(cast, session)
    answer = browser.get("/verifikasi/ABCD-EFGH-JKLM-NPQX")
    assert answer.status_code == 404
    assert "Tidak terdaftar" in answer.get_data(as_text=True)
    assert browser.get("/verifikasi/%3Cscript%3E").status_code == 404
    assert browser.get("/verifikasi/a%00b").status_code in (400, 404)


def test_the_form_leads_to_the_code(browser: Any) -> None:
    answer = browser.get("/verifikasi?kode=+abcd-efgh+")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/verifikasi/ABCD-EFGH"
    assert browser.get("/verifikasi").status_code == 200


def test_a_project_s_grade_leads_to_what_explains_it(as_person: Any, cast: Any, session: Any) -> None:
    version = handed_in(cast)
    session.add(entry(cast, "released", "88"))
    session.commit()
    page = as_person("sari").get("/nilai").get_data(as_text=True)
    assert f'href="/proyek/hasil/{version.work_id}">Proyek uji</a>' in page
    assert as_person("sari").get(f"/proyek/hasil/{version.work_id}").status_code == 200
