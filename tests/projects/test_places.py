"""Where notes stand in what is being written, and the way there."""

from __future__ import annotations

from typing import Any

from lms.anchors import Row, Spot, Words
from lms.projects import places
from lms.projects.content import FileRef, Table
from lms.projects.places import Place, Way
from tests.projects.work import TABLE, TEXT

QUOTED = Words("paket perjalanan", "hari, karena ", " belum terpadu.")
FILE = FileRef("a" * 64, "peta.pdf", 10, "application/pdf")


def test_the_place_of_words_is_the_same_changed_or_gone() -> None:
    def standing(text: str) -> Any:
        place = places.place(QUOTED, text)
        return place and place.standing

    assert standing(TEXT) == standing(TEXT.replace("paket", "**paket**")) == "same"
    assert standing("1,3 hari, karena rute jalan belum terpadu. Ya.") == "gone"
    assert standing("hanya 1,3 hari, karena rute belum terpadu. Ya.") == "gone"
    assert standing("") == "gone"
    longer = Words("paket perjalanan", "hanya 1,3 hari, karena ", " belum terpadu antar kecamatan")
    place = places.place(longer, "hanya 1,3 hari, karena rute jalan belum terpadu antar kecamatan")
    assert place == Place("changed", "paket perjalanan")
    assert places.place(None, TEXT) is None


def test_the_place_of_a_row_and_of_a_page() -> None:
    anchor = places.row(TABLE, 1, "t1")
    assert places.place(anchor, TABLE) == Place("same", anchor.cells if anchor else "", 1, "t1")
    gone = places.place(anchor, Table())
    assert gone is not None
    assert gone.standing == "gone"
    spot = Spot(FILE.sha256, 3, 1, 2)
    assert places.place(spot, (FILE,)) == Place("same", "peta.pdf", 3)
    assert places.place(spot, (FILE,), {FILE.sha256: "lampiran-1.pdf"}) == Place("same", "lampiran-1.pdf", 3)
    assert places.place(spot, ()) == Place("gone", "", 3)


def test_the_way_leads_to_a_selection_or_a_cell() -> None:
    text = f"😀 {TEXT}"
    way = places.way(QUOTED, text)
    assert way is not None
    encoded = text.encode("utf-16-le")
    assert encoded[2 * way.start : 2 * way.end].decode("utf-16-le") == "paket perjalanan"
    assert places.way(Row("baris1", 1, "t1"), TABLE) == Way("sel-baris1-t1")
    assert places.way(Row("baris1", 1), TABLE, "sasaran") == Way("sel-baris1-sasaran")
    assert places.way(Row("lain", 1), TABLE) is None
    assert places.way(QUOTED, "") is None
    assert places.way(None, TEXT) is None
