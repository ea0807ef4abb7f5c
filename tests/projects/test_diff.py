import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.projects import diff
from lms.projects.content import FileRef, Table
from lms.projects.diff import CellChange, Change, FileChange, RowChange, compare


def ops(old: str, new: str) -> list[tuple[str, str]]:
    return [(change.op, change.text) for change in diff.texts(old, new)]


def applied(changes: tuple[Change, ...]) -> tuple[str, str]:
    """The old and the new text that changes stand for."""
    return (
        "".join(change.text for change in changes if change.op != "insert"),
        "".join(change.text for change in changes if change.op != "delete"),
    )


# Few different words and marks, so that generated texts have much in common.
prose = st.lists(
    st.sampled_from(["isu", "data", "dan", " ", ", ", "\n", ".", "\n\n", "é", "\r\n", "  "]), max_size=40
).map("".join)


@settings(deadline=None)
@given(prose | st.text(), prose | st.text())
def test_changes_give_back_both_texts(old: str, new: str) -> None:
    changes = diff.texts(old, new)
    assert applied(changes) == (old, new)
    assert all(change.text for change in changes)
    pairs = list(zip(changes, changes[1:], strict=False))
    assert all(one.op != two.op and (one.op, two.op) != ("insert", "delete") for one, two in pairs)


@settings(deadline=None)
@given(prose)
def test_the_same_text_has_no_change(text: str) -> None:
    assert ops(text, text) == ([("equal", text)] if text else [])


def test_shows_the_words_that_changed() -> None:
    old = "Isu strategis belum merata.\n\nPengangguran naik.\n"
    new = "Isu strategis kota belum merata.\n\nPengangguran turun perlahan.\n"
    assert ops(old, new) == [
        ("equal", "Isu strategis "),
        ("insert", "kota "),
        ("equal", "belum merata.\n\nPengangguran "),
        ("delete", "naik"),
        ("insert", "turun perlahan"),
        ("equal", ".\n"),
    ]


def test_what_was_rewritten_is_not_cut_to_pieces() -> None:
    assert ops("satu dua tiga\n", "alfa beta gama\n") == [
        ("delete", "satu dua tiga"),
        ("insert", "alfa beta gama"),
        ("equal", "\n"),
    ]


def test_a_paragraph_put_in_is_one_change() -> None:
    old = "Pendahuluan.\n\nPenutup.\n"
    assert ops(old, old.replace("Penutup", "Isi yang baru.\n\nPenutup")) == [
        ("equal", "Pendahuluan.\n\n"),
        ("insert", "Isi yang baru.\n\n"),
        ("equal", "Penutup.\n"),
    ]


def chapter(words: int, every: int = 0) -> str:
    """A text of so many words, in paragraphs, with every so manyth word another one."""
    vocabulary = [
        "kota",
        "data",
        "isu",
        "sasaran",
        "dan",
        "yang",
        "untuk",
        "pada",
        "program",
        "warga",
        "tahun",
    ]
    made = []
    for place in range(words):
        word = vocabulary[(place * place + place // 7) % len(vocabulary)]
        made.append(f"{word}baru" if every and place % every == 0 else word)
        made.append("\n\n" if place % 90 == 89 else " ")
    return "".join(made)


@pytest.mark.parametrize("every", [2, 10, 50, 500])
def test_a_chapter_is_compared_quickly(every: int) -> None:
    old, new = chapter(1500), chapter(1500, every)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        changes = diff.texts(old, new)
        took.append(time.perf_counter() - start)
    print(f"1,500 words, one in {every} changed: {min(took) * 1000:.1f} ms")
    assert applied(changes) == (old, new)
    kept = sum(len(change.text) for change in changes if change.op == "equal")
    assert every == 2 or kept > len(old) * (1 - 1.5 / every)  # where every second word changed, all did
    assert min(took) < 0.3  # ten times what it takes, for a busy machine


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 100_000, "b " * 100_000),
        ("a b " * 50_000, "b a " * 50_000),
        ("a\n" * 100_000, "b\n" * 99_000),
        ("a\nb\n" * 12_000, "b\na\n" * 11_000),
        (" ".join(f"w{n}" for n in range(9_000)), " ".join(f"w{n}" for n in range(9_000, 0, -1))),
        ("\n".join(f"w{n % 97} x" for n in range(9_000)), "\n".join(f"w{n % 89} x" for n in range(9_000))),
        ("a" * 500_000, "a" * 499_999),
        ("." * 9_000, "," + "." * 8_000),
        ("", "x\n" * 200_000),
    ],
)
def test_hostile_texts_are_compared_in_bounded_time(old: str, new: str) -> None:
    start = time.perf_counter()
    changes = diff.texts(old, new)
    assert time.perf_counter() - start < 6
    assert applied(changes) == (old, new)


def rows(*cells: tuple[str, str]) -> Table:
    return Table(tuple({"_id": row_id, "sasaran": text} for row_id, text in cells))


def test_tables_are_compared_by_row_id_and_cell() -> None:
    old = rows(("a", "satu"), ("b", "dua"), ("c", "tiga"), ("d", "empat"))
    new = rows(("a", "satu"), ("x", "baru"), ("c", "tiga!"), ("d", "empat"))
    assert diff.tables(old, new) == (
        RowChange(op="equal", row_id="a", old=0, new=0),
        RowChange(op="delete", row_id="b", old=1, new=None, cells=(CellChange("sasaran", "dua", ""),)),
        RowChange(op="insert", row_id="x", old=None, new=1, cells=(CellChange("sasaran", "", "baru"),)),
        RowChange(op="change", row_id="c", old=2, new=2, cells=(CellChange("sasaran", "tiga", "tiga!"),)),
        RowChange(op="equal", row_id="d", old=3, new=3),
    )


def test_a_moved_row_is_told_from_those_it_passed() -> None:
    changes = diff.tables(rows(("a", "1"), ("b", "2"), ("c", "3")), rows(("c", "3"), ("a", "1"), ("b", "2")))
    assert [(change.row_id, change.op, change.moved) for change in changes] == [
        ("c", "equal", True),
        ("a", "equal", False),
        ("b", "equal", False),
    ]


any_table = st.lists(
    st.dictionaries(
        st.sampled_from(["_id", "a", "b"]), st.sampled_from(["", "1", "#0", "#1", "#1#", "x"]), max_size=3
    ),
    max_size=6,
).map(lambda made: Table(tuple(made)))


def plain(row: dict[str, str]) -> dict[str, str]:
    return {column: cell for column, cell in row.items() if cell and column != "_id"}


@given(any_table, any_table)
def test_row_changes_give_the_new_table(old: Table, new: Table) -> None:
    changes = diff.tables(old, new)
    made: dict[int, dict[str, str]] = {}
    for change in changes:
        row = dict(old.rows[change.old]) if change.old is not None else {}
        for cell in change.cells:
            assert row.get(cell.column, "") == cell.old
            row[cell.column] = cell.new
        if change.new is None:
            assert plain(row) == {}
        else:
            made[change.new] = plain(row)
    assert sorted(made) == list(range(len(made)))
    assert [made[place] for place in sorted(made)] == [plain(row) for row in new.rows[: len(made)]]
    assert not any(plain(row) for row in new.rows[len(made) :])


def file(sha256: str, name: str) -> FileRef:
    return FileRef(sha256, name, 5, "application/pdf")


def test_files_are_compared_by_their_bytes() -> None:
    old = (file("1", "a.pdf"), file("2", "b.pdf"), file("3", "c.pdf"))
    new = (file("2", "b.pdf"), file("1", "peta.pdf"), file("4", "c.pdf"))
    assert diff.files(old, new) == (
        FileChange("equal", new[0]),
        FileChange("rename", new[1], "a.pdf"),
        FileChange("insert", new[2]),
        FileChange("delete", old[2]),
    )
    assert diff.files(new[:1] * 2, new[:1]) == (FileChange("equal", new[0]), FileChange("delete", new[0]))


refs = st.lists(st.builds(file, st.sampled_from("12"), st.sampled_from("ab")), max_size=5)


@given(refs, refs)
def test_file_changes_give_both_lists(old: list[FileRef], new: list[FileRef]) -> None:
    changes = diff.files(old, new)
    assert [change.file for change in changes if change.op != "delete"] == new
    gone = [
        (change.file.sha256, change.old_name or change.file.name)
        for change in changes
        if change.op != "insert"
    ]
    assert sorted(gone) == sorted((each.sha256, each.name) for each in old)


def test_two_contents_of_one_kind_are_compared() -> None:
    assert compare("a", "a") == (Change("equal", "a"),)
    assert compare(Table(), rows(("a", "1")))[0].op == "insert"
    assert compare((), (file("1", "a"),))[0].op == "insert"
    with pytest.raises(TypeError):
        compare("a", Table())
