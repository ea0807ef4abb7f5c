"""What a section was before: kept once in ten minutes of work, never changed, restored without losing what is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.extensions import db
from lms.projects import models
from lms.projects.content import Table
from lms.projects.history import Contribution, Snapshot
from lms.projects.models import WorkMember
from tests.cast import NOW, Cast
from tests.projects.work import ROW, TABLE, TEXT, begin, fill, hand_in, save

START = NOW.replace(minute=0, second=0, microsecond=0)


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


@pytest.fixture
def work(cast: Cast, session: Any) -> models.Workspace:
    found = begin(cast)
    db.session.commit()
    return found


def kept(work: models.Workspace) -> list[tuple[str, int]]:
    rows = db.session.execute(
        select(Snapshot.content, Snapshot.revision).where(Snapshot.work_id == work.id).order_by(Snapshot.id)
    )
    return [(content, revision) for content, revision in rows]


def test_one_state_is_kept_of_every_ten_minutes_of_work(work: models.Workspace, cast: Cast) -> None:
    for at in range(0, 30, 2):  # fifteen saves in half an hour
        save(work, "isu", f"Tulisan sampai menit {at}", by=cast.people["sari"], now=minute(at))
    assert kept(work) == [('"Tulisan sampai menit 8"', 5), ('"Tulisan sampai menit 18"', 10)]
    save(work, "isu", "Esok harinya", by=cast.people["sari"], now=minute(24 * 60))
    assert kept(work)[-1] == ('"Tulisan sampai menit 28"', 15)


def test_much_that_goes_at_once_is_kept_before_it_goes(work: models.Workspace, cast: Cast) -> None:
    save(work, "isu", "kata " * 60, by=cast.people["sari"], now=minute(0))
    save(work, "isu", "terhapus", by=cast.people["sari"], now=minute(1))
    assert kept(work) == [(f'"{"kata " * 60}"', 1)]


def test_the_database_keeps_them_as_they_are(work: models.Workspace, cast: Cast) -> None:
    save(work, "isu", "kata " * 60, by=cast.people["sari"], now=minute(0))
    save(work, "isu", "terhapus", by=cast.people["sari"], now=minute(1))
    snapshot = db.session.scalars(select(Snapshot)).one()
    snapshot.content = "lain"
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.rollback()


def test_a_save_alone_costs_no_further_statement(
    work: models.Workspace, cast: Cast, as_person: Any, count_statements: Any
) -> None:
    browser = as_person("sari")
    address = f"/proyek/kerja/{work.id}/isu"
    browser.post_json(address, {"text": "Satu", "revision": "0"})
    with count_statements() as statements:
        response = browser.post_json(address, {"text": "Satu dua", "revision": "1"})
    assert response.status_code == 200
    assert not [each for each in statements.statements if "contribution" in each or "draft_snapshot" in each]


def team(cast: Cast, work: models.Workspace) -> models.Workspace:
    """Budi joins Sari."""
    db.session.add(
        WorkMember(
            work_id=work.id,
            enrolment_id=cast.enrolments["budi"],
            person_id=cast.people["budi"],
            stable_id=work.stable_id,
            joined_at=NOW,
        )
    )
    db.session.flush()
    found = models.workspace(work.id)
    assert found is not None
    return found


def test_a_team_s_saves_are_counted_by_member_and_another_s_state_is_kept(
    work: models.Workspace, cast: Cast
) -> None:
    both = team(cast, work)
    sari, budi = cast.people["sari"], cast.people["budi"]
    save(both, "isu", "Satu", by=sari, now=minute(0))
    save(both, "isu", "Satu dua", by=sari, now=minute(1))
    save(both, "isu", "Satu tiga", by=budi, now=minute(2))
    rows = {row.person_id: row for row in db.session.scalars(select(Contribution))}
    assert (rows[sari].saves, rows[sari].added, rows[sari].removed) == (
        2,
        8,
        0,
    )  # ""Satu"" came with its quotes
    assert (rows[budi].saves, rows[budi].added, rows[budi].removed) == (1, 3, 2)  # "dua" and "tiga" end alike
    assert (rows[sari].first_at, rows[sari].last_at) == (minute(0), minute(1))
    assert kept(both) == [('"Satu dua"', 2)]


def test_back_to_what_it_was_and_what_is_there_now_is_kept_too(
    work: models.Workspace, cast: Cast, as_person: Any, count_statements: Any
) -> None:
    save(work, "isu", TEXT, by=cast.people["sari"], now=minute(0))
    save(work, "isu", f"{TEXT} Lalu **tambahan**.", by=cast.people["sari"], now=minute(11))
    db.session.commit()
    browser = as_person("sari")
    with count_statements() as statements:
        page = browser.get(f"/proyek/kerja/{work.id}/isu/riwayat")
    assert page.status_code == 200
    assert len(statements) <= 8
    number = db.session.scalar(select(Snapshot.id))
    db.session.rollback()
    page = browser.get(f"/proyek/kerja/{work.id}/isu/riwayat?keadaan={number}")
    assert "<ins> Lalu **tambahan**.</ins>" in page.get_data(as_text=True)
    action = f"/proyek/kerja/{work.id}/isu/riwayat/{number}"
    assert browser.submit_form(page, action).status_code == 303
    assert models.drafts(work.id)["isu"].content == TEXT
    assert [content for content, _ in kept(work)] == [
        f'"{TEXT}"'.replace("\n", "\\n"),
        f'"{TEXT} Lalu **tambahan**."'.replace("\n", "\\n"),
    ]
    db.session.rollback()
    # pressed again from the old page: both are shown, nothing is overwritten
    save(work, "isu", "Lain lagi", by=cast.people["sari"], now=minute(40))
    db.session.commit()
    assert browser.submit_form(page, action).status_code == 409
    assert models.drafts(work.id)["isu"].content == "Lain lagi"
    db.session.rollback()


def test_a_table_goes_back_with_its_rows(work: models.Workspace, cast: Cast, as_person: Any) -> None:
    save(work, "sasaran", TABLE, by=cast.people["sari"], now=minute(0))
    save(work, "sasaran", Table((ROW | {"sasaran": "Lain"},)), by=cast.people["sari"], now=minute(11))
    db.session.commit()
    number = db.session.scalar(select(Snapshot.id))
    db.session.rollback()
    browser = as_person("sari")
    page = browser.get(f"/proyek/kerja/{work.id}/sasaran/riwayat?keadaan={number}")
    assert "Pengangguran menurun" in page.get_data(as_text=True)
    assert browser.submit_form(page, f"/proyek/kerja/{work.id}/sasaran/riwayat/{number}").status_code == 303
    assert models.drafts(work.id)["sasaran"].content == TABLE
    db.session.rollback()


def test_what_is_locked_stays_and_foreign_states_are_not_there(
    app: Flask, work: models.Workspace, cast: Cast, as_person: Any
) -> None:
    save(work, "isu", "Satu " * 50, by=cast.people["sari"], now=minute(0))
    fill(work, cast.people["sari"], now=minute(20))
    hand_in(work, cast.people["sari"])
    db.session.commit()
    number = db.session.scalar(select(Snapshot.id))
    db.session.rollback()
    sari = as_person("sari")
    assert (
        sari.post(f"/proyek/kerja/{work.id}/isu/riwayat/{number}", data={"revision": "2"}).status_code == 409
    )
    assert sari.post(f"/proyek/kerja/{work.id}/sasaran/riwayat/{number}").status_code == 404
    assert sari.get(f"/proyek/kerja/{work.id}/sasaran/riwayat?keadaan={number}").status_code == 404
    assert sari.get(f"/proyek/kerja/{work.id}/isu/riwayat?keadaan=abc").status_code == 404
    assert sari.get(f"/proyek/kerja/{work.id}/lampiran/riwayat").status_code == 404
    for who, status in (("budi", 404), ("dewi", 403), ("hasan", 404)):
        assert as_person(who).get(f"/proyek/kerja/{work.id}/isu/riwayat").status_code == status
        assert as_person(who).post(f"/proyek/kerja/{work.id}/isu/riwayat/{number}").status_code == status


def test_a_long_history_comes_page_by_page(work: models.Workspace, cast: Cast, as_person: Any) -> None:
    for at in range(40):
        save(work, "isu", f"Menit {at}", by=cast.people["sari"], now=minute(11 * at))
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(Snapshot)) == 39
    db.session.rollback()
    browser = as_person("sari")
    first = browser.get(f"/proyek/kerja/{work.id}/isu/riwayat").get_data(as_text=True)
    assert first.count("keadaan=") == 30
    after = first.split("after=", 1)[1].split('"', 1)[0]
    assert "keadaan=" in first
    rest = browser.get(f"/proyek/kerja/{work.id}/isu/riwayat?after={after}").get_data(as_text=True)
    assert rest.count("keadaan=") == 9
