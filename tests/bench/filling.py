"""What somebody could have written: contents of sections, form values of questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from lms.projects import content
from lms.projects.source import FilesSection, Section, TableSection, TextSection, empty
from lms.quizzes.kinds.question import Question

WORDS = (
    "sasaran daerah pada akhir periode diukur dengan indikator yang menunjukkan perubahan bagi warga "
    "menurut data tahun terakhir sehingga program dan pagu mengikuti kapasitas riil keuangan serta isu "
    "strategis yang diturunkan dari akar masalah dan telaah lingkungan"
)

T = TypeVar("T")


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """As ``itertools.batched``, which Python 3.11 does not have."""
    rest = iter(rows)
    while batch := list(islice(rest, size)):
        yield batch


def long_text(words: int, changed: str = "") -> str:
    """Paragraphs of about a hundred words, each with some of its own; one in forty says ``changed`` too."""
    vocabulary = WORDS.split()
    paragraphs = []
    for number in range(words // 100):
        own = " ".join(f"{vocabulary[(number * 7 + at) % len(vocabulary)]} {number * at}" for at in range(48))
        paragraphs.append(f"Paragraf ke-{number} menjelaskan {changed if number % 40 == 7 else ''} {own}.")
    return "## Akar masalah\n\n" + "\n\n".join(paragraphs)


def filling(section: Section) -> content.Content:
    """What somebody could have written into a section, about as long as its author asks for."""
    match section:
        case TextSection():
            most = section.words.max or 800
            count = max(section.words.min + 20, min(600, most) - 20)
            parts = max(1, len(section.requires))
            vocabulary = WORDS.split()
            pieces: list[str] = []
            for at in range(parts):
                heading = [f"## {section.requires[at]}"] if section.requires else []
                words = [vocabulary[(at * 5 + n) % len(vocabulary)] for n in range(count // parts)]
                pieces += [*heading, *(" ".join(run).capitalize() + "." for run in batches(words, 60))]
            return "\n\n".join(pieces)
        case TableSection():
            count = min(max(section.rows.min, 10), section.rows.max or 10)
            return content.Table(
                tuple(
                    {content.ROW_ID: f"row{at:05}"}
                    | {column.id: _cell(column.type, column.options, at) for column in section.columns}
                    for at in range(count)
                )
            )
        case FilesSection():
            return empty(section)


def _cell(kind: str, options: Sequence[str], at: int) -> str:
    match kind:
        case "choice":
            return options[at % len(options)]
        case "number" | "percent":
            return f"{10 + at},5"
        case "integer":
            return str(10 + at)
        case "money":
            return f"{1_250_000 * (at + 1)}"
        case "year":
            return "2026"
        case _:
            return f"Meningkatnya mutu layanan {at + 1}"


def values(question: Question) -> list[str]:
    """Form values that this question reads as answers, at least two of them."""
    asked = question.shown()
    if asked.stems:
        return [f"{stem.id}={asked.options[0].id}" for stem in asked.stems]
    if question.kind == "ordering":
        return [f"{step.id}={number}" for number, step in enumerate(asked.options, start=1)]
    if question.option_ids:
        return list(question.option_ids)
    return ["12,5", "13,5"] if question.kind == "numeric" else ["kapasitas riil", "kajian lingkungan"]
