"""Runs what a project's definition implies and what its author asked for."""

from collections.abc import Iterator, Mapping

from lms.projects import rules
from lms.projects.checks.finding import Finding, Found
from lms.projects.checks.implied import in_files, in_rows, in_words
from lms.projects.checks.tables import TABLE_RULES
from lms.projects.checks.texts import TEXT_RULES
from lms.projects.content import ROW_ID, Content, Table, is_empty
from lms.projects.rules import N_, Level
from lms.projects.sheet import Book
from lms.projects.source import FilesSection, Project, Section, TableSection, TextSection


def run(project: Project, contents: Mapping[str, Content], section: str | None = None) -> list[Finding]:
    """All findings of a project, or of the checks that one section holds, by section, row and column.

    `contents` is by section id; a section that is missing there is empty. An optional section that is empty
    has no findings.
    """
    book = Book(project, contents)
    found: list[Finding] = []
    for each in project.sections:
        if section is None or each.id == section:
            found += _of_section(book, each, contents.get(each.id))
    return found


_Told = tuple[str, str, Level, Found]  # check, rule, level, what was found


def _of_section(book: Book, section: Section, content: Content | None) -> list[Finding]:
    """The findings of one section, sorted by row and column."""
    found: list[_Told] = []
    row_ids: dict[int, str] = {}
    order: dict[str | None, int] = {}
    if is_empty(content) or not isinstance(content, _HOLDS[section.kind]):
        if section.required:
            found.append(("_section", "section", "error", Found(_MISSING, _FILL, {})))
    elif isinstance(section, TableSection):
        sheet = book.sheets[section.id]
        row_ids = {number: row.get(ROW_ID, "") for number, row in sheet.rows}
        order = {column.id: place for place, column in enumerate(section.columns)}
        found += _implied(in_rows(book, sheet))
        for check in section.checks:
            found += _of_check(check, TABLE_RULES[type(check)](book, sheet, check))
    elif isinstance(section, TextSection) and isinstance(content, str):
        found += _implied(in_words(section, content))
        for check in section.checks:
            found += _of_check(check, TEXT_RULES[type(check)](content, check))
    elif isinstance(section, FilesSection) and isinstance(content, tuple):
        found += _implied(("files", each) for each in in_files(section, content))
    found.sort(key=lambda each: (-1 if each[3].row is None else each[3].row, order.get(each[3].column, -1)))
    return [
        Finding(
            check=check,
            rule=rule,
            level=level,
            section=section.id,
            row=each.row,
            row_id="" if each.row is None else row_ids[each.row],
            column=each.column,
            about=each.about,
            text=each.text,
            advice=each.advice,
            values=each.values,
        )
        for check, rule, level, each in found
    ]


_HOLDS: dict[str, type] = {"text": str, "table": Table, "files": tuple}


def _implied(found: Iterator[tuple[str, Found]]) -> Iterator[_Told]:
    return ((f"_{rule}", rule, "error", each) for rule, each in found)


def _of_check(check: rules.Rule, found: Iterator[Found]) -> Iterator[_Told]:
    for each in found:
        if check.message or check.settle:
            said = {**each.values, "said": check.message, "settle": check.settle}
            text = "%(said)s" if check.message else each.text
            each = each._replace(text=text, advice="%(settle)s" if check.settle else each.advice, values=said)
        yield check.id, check.rule, check.level, each


_MISSING = N_("Bagian ini belum diisi.")
_FILL = N_("Isi bagian ini sebelum mengumpulkan.")
