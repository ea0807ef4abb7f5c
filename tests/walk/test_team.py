"""Two members of a team at two devices, in the same section at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from lms.extensions import db
from lms.projects import models
from lms.projects.content import Content
from tests.cast import Cast
from tests.projects.test_teams import team_project, together  # noqa: F401
from tests.walk.conftest import WIDTHS, Server, Visitor

AUTOSAVED = "Tersimpan otomatis"
HERS = "Akar masalah.\nLama tinggal wisatawan pendek.\n"
HIS = "Akar masalah.\nPaket perjalanan belum terpadu.\n"


@pytest.fixture
def work(cast: Cast, session: Any, team_project: Any) -> int:  # noqa: F811
    work_id = together(cast, "sari", "budi")
    session.commit()
    return work_id


@pytest.fixture
def pair(chromium: Browser, here: Server, cast: Cast, work: int) -> Iterator[tuple[Visitor, Visitor]]:
    """sari at a desk and budi with a phone: two browsers that share nothing."""
    both = (Visitor(chromium, here, WIDTHS["desktop"]), Visitor(chromium, here, WIDTHS["phone"]))
    for visitor, who in zip(both, ("sari", "budi"), strict=True):
        visitor.sign_in(cast.emails[who])
        visitor.page.goto(f"/proyek/kerja/{work}/isu")
    yield both
    for visitor in both:
        visitor.complaints[:] = [
            each
            for each in visitor.complaints
            if "ERR_INTERNET_DISCONNECTED" not in each and "409" not in each
        ]
        visitor.leave()


def stored(app: Flask, work: int) -> Content:
    with app.app_context():
        try:
            return models.drafts(work)["isu"].content
        finally:
            db.session.remove()


def says(page: Page, words: str) -> None:
    expect(page.locator("[data-say]").first).to_contain_text(words, timeout=15_000)


def test_what_both_wrote_is_shown_to_the_second_and_put_together(
    app: Flask, work: int, pair: tuple[Visitor, Visitor]
) -> None:
    hers, his = pair[0].page, pair[1].page
    hers.locator("#teks").fill(HERS)
    says(hers, AUTOSAVED)
    his.locator("#teks").fill(HIS)
    says(his, "juga disimpan oleh Sari Wulandari")
    assert stored(app, work) == HERS
    his.get_by_role("button", name="Bandingkan").press("Enter")
    expect(his.locator("del").first).to_be_visible()
    expect(his.locator("main")).to_contain_text("Sari Wulandari")
    pair[1].look()
    his.get_by_role("button", name="Simpan gabungan").press("Enter")
    expect(his.locator("#teks")).to_have_value(
        "Akar masalah.\nLama tinggal wisatawan pendek.\nPaket perjalanan belum terpadu.\n"
    )
    merged = stored(app, work)
    assert isinstance(merged, str)
    assert "pendek" in merged
    assert "terpadu" in merged
    # now it is her page that is behind: her next words do not undo what he put together
    hers.locator("#teks").fill(HERS + "Sumber: BPS, 2025.\n")
    says(hers, "juga disimpan oleh Budi")
    assert stored(app, work) == merged


def test_who_wrote_offline_chooses_when_the_network_is_back(
    app: Flask, work: int, pair: tuple[Visitor, Visitor]
) -> None:
    hers, his = pair[0].page, pair[1].page
    pair[1].context.set_offline(True)
    his.locator("#teks").fill(HIS)
    says(his, "Tersimpan di perangkat ini, akan dikirim saat daring")
    hers.locator("#teks").fill(HERS)
    says(hers, AUTOSAVED)
    pair[1].context.set_offline(False)
    says(his, "juga disimpan oleh Sari Wulandari")
    assert stored(app, work) == HERS
    his.get_by_role("button", name="Bandingkan").click()
    his.get_by_role("button", name="Simpan tulisan saya").click()
    expect(his.locator("#teks")).to_have_value(HIS)
    assert stored(app, work) == HIS
    # hers is not gone: it stands in the history of the section
    his.goto(f"/proyek/kerja/{work}/isu/riwayat")
    expect(his.locator("main")).to_contain_text("Sari Wulandari")
