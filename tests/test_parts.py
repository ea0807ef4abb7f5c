"""Parts of pages that are kept in memory, and the holes in them."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from flask import Flask, render_template_string
from markupsafe import Markup

from lms.markup import filled
from lms.people.models import Person
from lms.splice import keep
from lms.web import SPLICE, spliced
from tests.cast import Cast


def test_values_are_escaped_and_markup_is_not() -> None:
    pieces = [Markup("<a>"), Markup("|"), Markup("</a>")]
    assert filled(pieces, ("<b>", Markup("<i>"))) == Markup("<a>&lt;b&gt;|<i></a>")
    assert filled(pieces, (1, None)) == Markup("<a>1|None</a>")
    for values in ((), ("x",), ("x", "y", "z")):
        with pytest.raises(ValueError):
            filled(pieces, values)


def test_a_hole_that_nobody_fills_is_an_error(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(ValueError):
        render_template_string("{{ fragment('macros/frame.html', 'foot', false) }}")


def test_names_stand_in_the_frame_as_they_are(as_person: Any, cast: Cast, session: Any) -> None:
    session.get_one(Person, cast.people["sari"]).name = "Sari <b>&amp; \ufdd0 {{ hole }}"
    session.commit()
    # the page checks are off: they look for braces, and this name has some
    page = as_person("sari").get("/profil", check=False).get_data(as_text=True)
    assert '<span class="whoami-name">Sari &lt;b&gt;&amp;amp; \ufdd0 {{ hole }}</span>' in page


def test_one_persons_frame_does_not_show_to_the_next(as_person: Any) -> None:
    assert "Sari Wulandari" in as_person("sari").get("/pelatihan").get_data(as_text=True)
    other = as_person("budi").get("/pelatihan").get_data(as_text=True)
    assert "Sari Wulandari" not in other
    assert '<span class="whoami-name">Budi</span>' in other


def test_menus_follow_roles_and_places(as_person: Any, browser: Any) -> None:
    def places(page: Any) -> list[str]:
        html = page.get_data(as_text=True)
        menu = html[html.index('<nav class="places"') : html.index("</nav>")]
        return [
            address for address in ("/telaah", "/nilai", "/kelola", "/masuk") if f'href="{address}"' in menu
        ]

    assert places(as_person("sari").get("/pelatihan")) == ["/nilai"]
    assert places(as_person("dewi").get("/pelatihan")) == ["/telaah"]
    assert places(as_person("ratna").get("/pelatihan")) == ["/kelola"]
    assert places(browser.get("/pelatihan")) == ["/masuk"]


@pytest.mark.parametrize("accepted", ["", "gzip", "br, gzip;q=0.5"])
def test_kept_parts_stand_where_they_belong(app: Flask, accepted: str) -> None:
    html = f"<p>é</p>{SPLICE}<p>dua</p>{SPLICE}"
    with app.test_request_context("/", headers={"Accept-Encoding": accepted}):
        response = spliced(html, [keep("satu “…”".encode()), keep(b"tiga")])
    body = response.get_data()
    assert (response.headers.get("Content-Encoding") == "gzip") is bool(accepted)
    whole = gzip.decompress(body) if accepted else body
    assert whole.decode() == "<p>é</p>satu “…”<p>dua</p>tiga"
    with app.test_request_context("/"), pytest.raises(ValueError):
        spliced(html, [keep(b"hanya satu")])
