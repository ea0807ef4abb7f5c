from hypothesis import given
from hypothesis import strategies as st

from lms.grading import changes
from lms.grading.changes import Block, Cell, Paragraph, Row
from lms.projects.content import FileRef, Table
from lms.projects.diff import Change

LONG = " ".join(f"kata{number}" for number in range(20))


def words(block: Block) -> list[str]:
    return ["".join(run.text for run in paragraph.runs) for paragraph in block.paragraphs]


def test_a_changed_word_stands_between_what_stayed() -> None:
    (block,) = changes.text_blocks("Sektor tambang turun.", "Sektor wisata turun.")
    assert block.paragraphs[0].runs == (
        Change("equal", "Sektor "),
        Change("delete", "tambang"),
        Change("insert", "wisata"),
        Change("equal", " turun."),
    )
    assert block.paragraphs[0].changed
    assert block.paragraphs[0].words == 3


def test_paragraphs_end_at_blank_lines_and_headings_lose_their_marks() -> None:
    blocks = changes.text_blocks("", "## Akar masalah\n\nSatu.\nDua.\n\n \nTiga.")
    (block,) = blocks
    assert words(block) == ["Akar masalah", "Satu.\nDua.", "Tiga."]
    assert [paragraph.level for paragraph in block.paragraphs] == [2, 0, 0]


def test_a_blank_line_of_which_half_is_new_ends_a_paragraph() -> None:
    old = "Satu.\n\n## Kedua\n\nTiga."
    blocks = changes.text_blocks(old, "Satu.\nBaru.\n\n## Kedua\n\nTiga.")
    found = [paragraph for block in blocks for paragraph in block.paragraphs]
    assert ["".join(run.text for run in each.runs) for each in found] == ["Satu.\nBaru.", "Kedua", "Tiga."]
    assert [(each.level, each.changed) for each in found] == [(0, True), (2, False), (0, False)]


def test_a_heading_whose_mark_changed_shows_the_mark() -> None:
    (block,) = changes.text_blocks("# Akar\n\nx", "## Akar\n\nx")
    assert block.paragraphs[0].level == 0
    assert "#" in words(block)[0]


def test_what_stayed_is_folded_but_for_its_neighbours() -> None:
    old = "\n\n".join([f"A {LONG}", f"B {LONG}", f"C {LONG}", "D lama", f"E {LONG}", f"F {LONG}"])
    new = old.replace("D lama", "D baru")
    first, shown, last = changes.text_blocks(old, new)
    assert (first.folded, shown.folded, last.folded) == (True, False, True)
    assert [text[0] for text in words(first)] == ["A", "B"]
    assert [text[0] for text in words(shown)] == ["C", "D", "E"]
    assert first.words == 42


def test_a_few_words_are_not_worth_folding() -> None:
    old = "Satu dua.\n\nTiga.\n\nEmpat.\n\nLima lama"
    (block,) = changes.text_blocks(old, old.replace("lama", "baru"))
    assert not block.folded


def test_nothing_changed_is_all_folded_and_nothing_at_all_is_no_block() -> None:
    assert [block.folded for block in changes.text_blocks(LONG, LONG)] == [True]
    assert changes.text_blocks("", "") == ()


@given(st.lists(st.sampled_from(["a b", "x\ny", "", " ", "c"])), st.lists(st.sampled_from(["a b", "d", ""])))
def test_every_word_of_both_versions_is_shown(before: list[str], after: list[str]) -> None:
    old, new = "\n\n".join(before), "\n\n".join(after)
    runs = [run for block in changes.text_blocks(old, new) for each in block.paragraphs for run in each.runs]
    kept = "".join(run.text + " " for run in runs if run.op != "delete").split()
    gone = "".join(run.text + " " for run in runs if run.op != "insert").split()
    assert kept == new.split()
    assert gone == old.split()


def test_tables_show_each_cell_before_and_after() -> None:
    old = Table(({"_id": "r1", "a": "1", "b": "x"}, {"_id": "r2", "a": "2"}))
    new = Table(({"_id": "r1", "a": "1", "b": "y"}, {"_id": "r3", "a": "3"}))
    rows = changes.table_rows(old, new, ["a", "b"])
    assert rows == (
        Row("change", 1, (Cell("a", "1", "1"), Cell("b", "x", "y"))),
        Row("delete", None, (Cell("a", "2", ""), Cell("b", "", ""))),
        Row("insert", 2, (Cell("a", "", "3"), Cell("b", "", ""))),
    )
    assert [cell.changed for cell in rows[0].cells] == [False, True]


def test_files_say_what_became_of_them() -> None:
    kept, gone, came = (FileRef(name, name, 1, "application/pdf") for name in ("a", "b", "c"))
    assert [(each.op, each.file.name) for each in changes.file_changes([kept, gone], [kept, came])] == [
        ("equal", "a"),
        ("insert", "c"),
        ("delete", "b"),
    ]


def test_where_a_section_stands_to_the_version_before() -> None:
    assert changes.standing("h", None, None) == "new"
    assert changes.standing("h", "h", None) == "same"
    assert changes.standing("h", "g", None) == "changed"
    assert changes.standing("h", "h", 1) == "accepted"


def test_how_much_a_section_holds() -> None:
    assert changes.size("satu dua") == 2
    assert changes.size(Table(({"_id": "r1", "a": "1"}, {"_id": "r2"}))) == 1
    assert changes.size((FileRef("a", "a", 1, "x"),)) == 1


def test_an_empty_paragraph_is_none() -> None:
    assert changes.paragraphs([Change("equal", "\n\n  \n\n")]) == ()
    assert changes.paragraphs([Change("insert", "a")]) == (Paragraph((Change("insert", "a"),)),)


def test_many_unchanged_rows_are_folded_and_few_are_not() -> None:
    same = [Row("equal", at, (Cell("a", "1", "1"),)) for at in range(1, 8)]
    changed = Row("change", 8, (Cell("a", "1", "2"),))
    moved = Row("equal", 9, (Cell("a", "3", "3"),), moved=True)
    assert changes.shown_rows([*same, changed, moved]) == ((changed, moved), tuple(same))
    assert changes.shown_rows([*same[:5], changed]) == ((*same[:5], changed), ())
