"""The page of how long reviews took and who did how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from lms.extensions import db
from lms.grading import actions
from lms.grading.content import ReviewContent
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import RETURNED, committed, handed_in, send

SignIn = Callable[[str], Browser]
DAY = timedelta(days=1)


@pytest.fixture
def reviewed(app: Flask, cast: Cast) -> None:
    with app.app_context():
        version = handed_in(cast)
        dewi = cast.people["dewi"]
        draft = actions.save_draft(
            version,
            None,
            ReviewContent(summary="Mulai."),
            beginning=ReviewContent(),
            revision=0,
            by=dewi,
            now=NOW + 2 * DAY,
        )
        assert draft is not None
        review, _, _ = send(version, RETURNED, dewi, revision=draft.revision, now=NOW + 3 * DAY)
        assert review.started_at == NOW + 2 * DAY
        handed_in(cast, "budi")
        committed(None)
        db.session.remove()


@pytest.mark.parametrize(
    ("who", "status"), [("dewi", 200), ("ratna", 200), ("sari", 403), ("hasan", 404), ("tono", 404)]
)
def test_it_is_for_who_leads(as_person: SignIn, cast: Cast, who: str, status: int) -> None:
    answer = as_person(who).get(f"/telaah/angkatan/{cast.code}/beban")
    assert answer.status_code == status
    if status == 200:
        assert "Belum ada telaah yang terkirim" in answer.get_data(as_text=True)


def test_waiting_and_reviewing_are_shown_apart(as_person: SignIn, cast: Cast, reviewed: None) -> None:
    page = as_person("dewi").get(f"/telaah/angkatan/{cast.code}/beban").get_data(as_text=True)
    assert "menunggu 2,0 hari, menelaah 1,0 hari" in page
    assert "1 hasil kerja menunggu telaah" in page
    assert "Versi 1" in page
    assert "Universitas Andalas Uji" in page
    assert "Dewi Anggraini" in page
    assert "100%" in page
    assert page.count('class="pace"') == 3


def test_it_costs_few_statements(
    as_person: SignIn, cast: Cast, reviewed: None, count_statements: Any
) -> None:
    dewi = as_person("dewi")
    dewi.get(f"/telaah/angkatan/{cast.code}/beban")
    with count_statements() as counted:
        dewi.get(f"/telaah/angkatan/{cast.code}/beban")
    assert len(counted) <= 8, counted.statements
