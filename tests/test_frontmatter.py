"""The strict reader of front matter and YAML files."""

import contextlib
import time
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.frontmatter import MAX_YAML, BadMatter, decode, load_yaml, split


def found(text: str) -> list[tuple[int, str]]:
    with pytest.raises(BadMatter) as caught:
        load_yaml(text)
    return list(caught.value.found)


class TestSplit:
    def test_takes_a_file_apart(self):
        matter = split("---\ntitle: Judul\nminutes: 12\n---\n\nIsi.\n")
        assert matter.values == {"title": "Judul", "minutes": 12}
        assert matter.lines == {"title": 2, "minutes": 3}
        assert matter.body == "\nIsi.\n"
        assert matter.body_line == 5

    def test_accepts_a_byte_order_mark_and_windows_line_ends(self):
        matter = split("\ufeff---\r\ntitle: Judul\r\n---\r\nSatu\r\nDua\r\n")
        assert matter.values == {"title": "Judul"}
        assert matter.body == "Satu\nDua\n"
        assert matter.body_line == 4

    def test_empty_front_matter_is_empty(self):
        assert split("---\n---\nIsi").values == {}

    def test_a_rule_in_the_body_is_not_the_end(self):
        assert split("---\na: 1\n---\nSatu\n---\nDua").body == "Satu\n---\nDua"

    @pytest.mark.parametrize("text", ["", "Isi saja", "\n---\na: 1\n---\n", "---\na: 1\nIsi"])
    def test_a_missing_or_open_front_matter_is_refused(self, text):
        with pytest.raises(BadMatter) as caught:
            split(text)
        assert caught.value.line == 1
        assert "---" in caught.value.message


class TestScalars:
    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("12", 12),
            ("-3", -3),
            ("007", 7),
            ("4.64", Decimal("4.64")),
            ("true", True),
            ("false", False),
            ("null", None),
            ("~", None),
            ("", None),
            ('"2024"', "2024"),
            ("'true'", "true"),
            # What YAML 1.1 would turn into something else stays as the author wrote it.
            ("yes", "yes"),
            ("off", "off"),
            ("1:30", "1:30"),
            ("2026-11-24", "2026-11-24"),
            ("0x1f", "0x1f"),
            ("1e999999999", "1e999999999"),
            (".inf", ".inf"),
            ("1_000", "1_000"),
            ("1..4", "1..4"),
            ("9" * 5000, "9" * 5000),
        ],
    )
    def test_only_plainly_written_scalars_are_typed(self, written, value):
        got = load_yaml(f"a: {written}").values["a"]
        assert got == value
        assert type(got) is type(value)

    def test_keys_are_always_text(self):
        assert load_yaml("levels: {4: baik, true: x}").values == {"levels": {"4": "baik", "true": "x"}}


def test_lines_of_nested_things():
    matter = load_yaml(
        "a: 1\nsections:\n  - id: x\n    columns:\n      - {id: m,\n         label: n}\n  - id: y\n"
    )
    assert matter.lines == {
        "a": 1,
        "sections": 2,
        "sections.0": 3,
        "sections.0.id": 3,
        "sections.0.columns": 4,
        "sections.0.columns.0": 5,
        "sections.0.columns.0.id": 5,
        "sections.0.columns.0.label": 6,
        "sections.1": 7,
        "sections.1.id": 7,
    }


class TestRefused:
    def test_duplicate_keys(self):
        assert found("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n") == [
            (4, "Kunci `c` ditulis dua kali (pertama di baris 3); hapus salah satu."),
            (5, "Kunci `a` ditulis dua kali (pertama di baris 1); hapus salah satu."),
        ]

    def test_anchors_aliases_and_tags_are_all_reported(self):
        lines = [
            line for line, _ in found("a: &x 1\nb: *x\nc: !!python/object/apply:os.system [ls]\nd: ! x\n")
        ]
        assert lines == [1, 2, 3, 4]

    @pytest.mark.parametrize(
        ("text", "line", "part"),
        [
            ("title: Kuis 1: kerangka", 1, "titik dua"),
            ("a: 1\n\tb: 2", 2, "tab"),
            ("a: 1\n b: 2", 2, "titik dua"),
            ("a: [1, 2\nb: 3", 1, "Kurung"),
            ('a: "terbuka\n', 1, "kutip"),
            ("a: 1\nb\n", 2, "kunci: nilai"),
            ("- a\n- b\n", 1, "kunci: nilai"),
            ("teks", 1, "kunci: nilai"),
            ("a: 1\n---\nb: 2\n", 2, "satu dokumen"),
            ("a: 1\nb: \x00", 2, "U+0000"),
            ("a: 1\nb: \x1b[0m", 2, "U+001B"),
            ("? [a, b]\n: 1", 1, "Kunci"),
            ("a: " + "[" * 900, 1, "terlalu dalam"),
            ("a: " + "{a: " * 50, 1, "terlalu dalam"),
            ("a: " + "x" * MAX_YAML, 1, "terlalu panjang"),
        ],
    )
    def test_bad_yaml_is_reported_at_its_line(self, text, line, part):
        problems = found(text)
        assert problems[0][0] == line
        assert part in problems[0][1]

    def test_the_line_counts_from_the_top_of_the_file(self):
        with pytest.raises(BadMatter) as caught:
            split("---\na: 1\nb: *x\n---\n")
        assert caught.value.line == 3
        assert [str(each)[:9] for each in caught.value.problems("a.md")] == ["a.md:3: R"]

    @pytest.mark.parametrize(
        "seed", ["[", "{", "- ", "? ", "a: ", "&a ", "!x ", "'", '"', "|\n", "[a: ", "# ", "\n- "]
    )
    def test_the_longest_hostile_text_is_quick(self, seed):
        started = time.process_time()
        text = (seed * MAX_YAML)[: MAX_YAML - 10]
        with contextlib.suppress(BadMatter):
            load_yaml(text)
        assert time.process_time() - started < 5

    @given(st.text(alphabet="abc:-[]{}&*!|>'\"#%@`,? \n\t~0123\x00\ud7ff", max_size=60))
    def test_anything_is_read_or_refused(self, text):
        try:
            assert isinstance(load_yaml(text).values, dict)
        except BadMatter as error:
            lines = [line for line, _ in error.found]
            assert lines == sorted(lines)
            assert 1 <= lines[0] <= lines[-1] <= text.count("\n") + 2


class Column(msgspec.Struct, frozen=True):
    id: str
    label: str = ""


class Text(msgspec.Struct, frozen=True, tag="text", tag_field="kind"):
    id: str


class Table(msgspec.Struct, frozen=True, tag="table", tag_field="kind"):
    id: str
    columns: tuple[Column, ...] = ()


class Sample(msgspec.Struct, frozen=True):
    title: Annotated[str, msgspec.Meta(min_length=1)]
    minutes: Annotated[int, msgspec.Meta(ge=1)] = 1
    grade: Literal["best", "last"] = "best"
    passing: Decimal | None = msgspec.field(name="pass", default=None)
    tags: tuple[str, ...] = ()
    levels: dict[int, str] = {}
    sections: tuple[Text | Table, ...] = ()

    def __post_init__(self) -> None:
        if self.minutes > 900:
            raise ValueError("Waktu terlalu lama.")


def mistakes(text: str) -> list[tuple[int, str]]:
    matter = load_yaml(text)
    with pytest.raises(BadMatter) as caught:
        decode(matter.values, matter.lines, Sample)
    return list(caught.value.found)


class TestDecode:
    def test_makes_the_struct(self):
        matter = load_yaml(
            'title: Judul\npass: 70.5\ntags: [a, b]\nlevels: {4: "Sangat baik"}\n'
            "sections:\n  - {kind: text, id: isu}\n  - {kind: table, id: t, columns: [{id: c}]}\n"
        )
        assert decode(matter.values, matter.lines, Sample) == Sample(
            title="Judul",
            passing=Decimal("70.5"),
            tags=("a", "b"),
            levels={4: "Sangat baik"},
            sections=(Text("isu"), Table("t", (Column("c"),))),
        )

    def test_every_mistake_is_reported_at_its_line(self):
        assert mistakes(
            "tittle: x\n"
            "minutes: dua\n"
            "grade: baik\n"
            "pass: tinggi\n"
            "tags: a\n"
            "sections:\n"
            "  - {kind: text, id: 3}\n"
            "  - kind: tabel\n"
            "  - id: x\n"
            "  - kind: table\n"
            "    columns:\n"
            "      - lable: x\n"
        ) == [
            (1, "Kunci `title` wajib diisi."),
            (1, "Kunci `tittle` tidak dikenal. Maksudnya `title`?"),
            (2, "Nilai `minutes` harus berupa bilangan bulat; tertulis `dua`."),
            (3, "Nilai `grade` harus salah satu dari best, last; tertulis `baik`."),
            (4, "Nilai `pass` harus berupa bilangan; tertulis `tinggi`."),
            (5, "Nilai `tags` harus berupa daftar, misalnya `[a, b]`; tertulis `a`."),
            (7, "Nilai `id` harus berupa teks (apit dengan tanda kutip bila berupa angka); tertulis `3`."),
            (8, "Nilai `kind` harus salah satu dari text, table; tertulis `tabel`."),
            (9, "Kunci `kind` wajib diisi di dalam `sections` dengan salah satu dari text, table."),
            (10, "Kunci `id` wajib diisi di dalam `sections`."),
            (12, "Kunci `id` wajib diisi di dalam `columns`."),
            (12, "Kunci `lable` tidak dikenal. Maksudnya `label`?"),
        ]

    def test_bounds_in_words(self):
        assert mistakes("title: ''\nminutes: 0\ntags: [a, 3]\nlevels: {x: a}") == [
            (1, "Panjang `title` harus paling sedikit 1 karakter."),
            (2, "Nilai `minutes` harus paling sedikit 1; tertulis `0`."),
            (3, "Nilai `tags` harus berupa teks (apit dengan tanda kutip bila berupa angka); tertulis `3`."),
            (4, "Nilai `levels` harus berupa bilangan bulat; tertulis `{'x': 'a'}`."),
        ]

    def test_a_rule_of_the_whole(self):
        assert mistakes("title: x\nminutes: 901") == [(1, "Waktu terlalu lama.")]

    def test_a_number_is_not_a_truth(self):
        assert mistakes("title: x\nminutes: true")[0][0] == 2
