"""The health page."""

from __future__ import annotations

from typing import Any

from lms.extensions import utcnow
from lms.notices import jobs


def test_health_tells_of_database_storage_worker_and_version(browser: Any, session: Any) -> None:
    first = browser.get("/sehat")
    assert first.status_code == 200
    assert first.json == {"database": "ok", "storage": "ok", "worker": "silent", "version": "0.1.0"}
    jobs.beat("mail", now=utcnow())
    assert browser.get("/sehat").json["worker"] == "ok"


def test_health_fails_when_the_storage_does(browser: Any, monkeypatch: Any) -> None:
    class Down:
        def healthy(self) -> bool:
            raise OSError("no answer")

    monkeypatch.setattr("lms.files._store", Down())
    answer = browser.get("/sehat", check=False)
    assert answer.status_code == 503
    assert answer.json["storage"] == "down"


def test_health_takes_no_post(browser: Any) -> None:
    assert browser.post("/sehat").status_code == 405
