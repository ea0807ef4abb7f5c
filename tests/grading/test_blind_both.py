"""Where both sides are blind, no page that learners reach and no mail names who reviewed, decided or answered."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from lms.extensions import db
from lms.mail import Mail
from tests.cast import Cast
from tests.grading.disputes import disputed, ruled
from tests.grading.releasing import released

REVIEWERS = ("Dewi", "Anggraini", "Rekan", "Hasan", "Basri")


def test_learners_read_no_reviewer_s_name(app: Flask, cast: Cast, as_person: Any) -> None:
    with app.app_context():
        version = disputed(cast, blind="both")
        ruled(cast, version)
        number, work = version.id, version.work_id
        db.session.commit()
        db.session.remove()
    assert released(as_person("dewi")).status_code == 303
    sari = as_person("sari")
    pages = (
        f"/proyek/hasil/{work}",
        f"/proyek/hasil/{work}/mengapa",
        f"/proyek/hasil/{work}/banding",
        f"/proyek/hasil/{work}/lembar/1",
        f"/proyek/versi/{number}",
        f"/proyek/bukti/{number}",
        f"/proyek/kerja/{work}/isu",
        "/",
    )
    for address in pages:
        response = sari.get(address)
        assert response.status_code == 200, address
        text = response.get_data(as_text=True)
        assert not [name for name in REVIEWERS if name in text], address
    with app.app_context():
        mails = list(db.session.scalars(select(Mail).where(Mail.address == cast.emails["sari"])))
        assert mails
        for mail in mails:
            assert not [name for name in REVIEWERS if name in mail.subject + mail.body]
        db.session.remove()
