"""The pages of who reviews what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading.allocation.models import history_of
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import committed, handed_in

SignIn = Callable[[str], Browser]


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status
    return str(response.get_data(as_text=True))


@pytest.fixture
def here(app: Flask, cast: Cast) -> Iterator[dict[str, int]]:
    """Sari's first version; hasan facilitates her cohort too, and does not lead it."""
    with app.app_context():
        db.session.add(
            CohortFacilitator(
                cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW, leads=False
            )
        )
        version = committed(handed_in(cast))
        ids = {"version": version.id, "work": version.work_id}
        db.session.remove()
    return ids


@pytest.mark.parametrize(
    ("who", "status"),
    [("dewi", 200), ("ratna", 200), ("hasan", 403), ("sari", 403), ("budi", 404), ("tono", 404)],
)
def test_who_may_choose_reviewers(as_person: SignIn, here: dict[str, int], who: str, status: int) -> None:
    address = f"/telaah/kerja/{here['work']}/penelaah"
    client = as_person(who)
    assert client.get(address).status_code == status
    assert client.post(address, data={"reviewer": "1"}).status_code == (400 if status == 200 else status)


def test_a_work_is_given_passed_on_and_taken_back(
    app: Flask, as_person: SignIn, cast: Cast, here: dict[str, int]
) -> None:
    address = f"/telaah/kerja/{here['work']}/penelaah"
    desk = f"/telaah/{here['version']}"
    dewi, hasan = as_person("dewi"), as_person("hasan")
    assert hasan.get(desk).status_code == 403
    assert "Belum ada" in text_of(dewi.get(address))
    assert dewi.post(address, data={"reviewer": str(cast.people["hasan"])}).status_code == 303
    assert hasan.get(desk).status_code == 200
    assert desk in text_of(hasan.get("/telaah"))
    assert hasan.get(f"/telaah/angkatan/{cast.code}").status_code == 403
    assert desk not in text_of(dewi.get("/telaah")).split("<main", 1)[1]
    page = text_of(dewi.get(address))
    assert "Hasan Basri" in page
    answer = dewi.post(
        address,
        data={
            "reviewer": str(cast.people["dewi"]),
            "instead": str(cast.people["hasan"]),
            "reason": "Cuti <b>",
        },
    )
    assert answer.status_code == 303
    assert hasan.get(desk).status_code == 403
    assert "Cuti &lt;b&gt;" in text_of(dewi.get(address))
    assert dewi.post(address, data={"end": str(cast.people["dewi"])}).status_code == 303
    assert dewi.post(address, data={"end": str(cast.people["dewi"])}).status_code == 303  # twice does no harm
    with app.app_context():
        assert [line.ended_at is None for line in history_of(here["work"])] == [False, False]


@pytest.mark.parametrize("odd", ["", "x", "0", "9" * 30, "-1"])
def test_odd_choices_are_refused_in_words(as_person: SignIn, here: dict[str, int], odd: str) -> None:
    answer = as_person("dewi").post(f"/telaah/kerja/{here['work']}/penelaah", data={"reviewer": odd})
    assert answer.status_code == 400
    assert "Belum tersimpan" in answer.get_data(as_text=True)
