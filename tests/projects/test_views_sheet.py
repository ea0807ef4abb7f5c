"""How a table is laid out: which column stays in view, and whether it needs the whole width."""

from __future__ import annotations

from lms.projects.rules import Unique
from lms.projects.source import Column, Span, TableSection
from lms.projects.views.sheet import breadth, is_wide, key_column

TEXTS = tuple(Column(id=name, label=name) for name in ("misi", "sasaran", "indikator"))


def table(*columns: Column, checks: tuple[Unique, ...] = ()) -> TableSection:
    return TableSection(id="t", title="T", rows=Span(1, 3), columns=columns, checks=checks)


def test_the_column_that_must_be_unique_tells_rows_apart() -> None:
    unique = Unique(id="u", columns=("sasaran", "indikator"))
    assert key_column(table(*TEXTS, checks=(unique,))) == "indikator"
    assert key_column(table(*TEXTS)) == "misi"
    year = Column(id="tahun", label="Tahun", type="year")
    assert key_column(table(year, *TEXTS, checks=(Unique(id="u", columns=("tahun",)),))) == "misi"
    assert key_column(table(year)) == "tahun"


def test_breadth_follows_what_a_column_holds() -> None:
    assert breadth(Column(id="a", label="A", type="percent")) == "number"
    assert breadth(Column(id="a", label="A", type="money")) == "money"
    assert breadth(Column(id="a", label="A", type="choice", options=("naik", "turun"))) == "choice"
    assert breadth(Column(id="a", label="A", type="choice", options=("naik", "Pendapatan daerah"))) == "ref"


def test_few_columns_stand_beside_the_list_of_sections() -> None:
    years = [Column(id=f"t{at}", label=str(2024 + at), type="number") for at in range(8)]
    assert not is_wide(table(*TEXTS))
    assert is_wide(table(*TEXTS, *years))
