"""The rubric as learners read it before anything is graded."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from tests.cast import CODE, OTHER
from tests.projects.work import FRONT, begin

PAGE = f"{FRONT}/rubrik"


def text_of(response: Any) -> str:
    return " ".join(unescape(response.get_data(as_text=True)).split())


@pytest.mark.parametrize("name", ["sari", "dewi", "ratna"])
def test_criteria_weights_levels_and_sections(name: str, as_person: Any, count_statements: Any) -> None:
    who = as_person(name)
    who.get(PAGE)
    with count_statements() as counted:
        page = text_of(who.get(PAGE))
    assert len(counted) <= 8, counted.statements
    assert "bobot 60%" in page
    assert "bobot 40%" in page
    places = [page.index(words) for words in ("Isu tajam.", "Isu jelas.", "Isu umum.", "Isu kabur.")]
    assert places == sorted(places), "from the best level"
    assert '3 Baik <span class="muted small nowrap">45 poin' in page, "60 x 3/4"
    assert "Dilihat pada bagian: 1. Isu strategis." in page
    assert "Dilihat pada bagian: 2. Sasaran; 3. Lampiran." in page
    assert "Nilai ambang kelulusan: 70" in page
    assert "/proyek/kerja/" not in page, "nothing has begun"


def test_the_front_and_every_section_lead_there(as_person: Any, cast: Any, session: Any) -> None:
    sari = as_person("sari")
    front = text_of(sari.get(FRONT))
    assert f'href="{PAGE}"' in front
    assert (
        f'<a href="{PAGE}#kriteria-isu">1. Isu strategis</a> <span class="number nowrap">60%</span>' in front
    )
    work = begin(cast)
    session.commit()
    assert f'href="{PAGE}"' in sari.get(FRONT).get_data(as_text=True)
    section = sari.get(f"/proyek/kerja/{work.id}/sasaran").get_data(as_text=True)
    assert f'href="{PAGE}?bagian=sasaran"' in section
    page = text_of(sari.get(f"{PAGE}?bagian=sasaran"))
    assert "yang dilihat pada bagian “Sasaran” diberi tanda" in page
    assert page.count("bagian ini</span>") == 1
    assert f'href="/proyek/kerja/{work.id}/lampiran">3. Lampiran</a>' in page
    assert "diberi tanda" not in text_of(sari.get(f"{PAGE}?bagian=tidak-ada"))


def test_outsiders_find_no_rubric(as_person: Any, browser: Any) -> None:
    for name in ("tono", "hasan", "wati"):
        assert as_person(name).get(PAGE).status_code == 404
    assert browser.get(PAGE).status_code == 302
    sari = as_person("sari")
    assert sari.get(f"/proyek/{CODE}/pembuka/rubrik").status_code == 404, "a lesson has no rubric"
    assert sari.get(f"/proyek/{CODE}/tidak-ada/rubrik").status_code == 404
    assert sari.get(f"/proyek/{OTHER}/proyek-uji/rubrik").status_code == 404
    assert sari.post(PAGE).status_code == 405
