"""Item analysis of a cohort's quiz: drawn, tabulated and to be downloaded. Nobody's name is on these pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import ascii_uppercase

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from markupsafe import Markup

from lms import markup
from lms.access import Deed
from lms.csvtext import Cell, csv_bytes
from lms.guard import allowed
from lms.quizzes.advice import WEIGHTS, Weight, advice, reliability_grade
from lms.quizzes.cohort.models import CohortQuiz, FirstAttempts, cohort_quiz, first_attempts
from lms.quizzes.cohort.plots import Dot, Field, bins, dots
from lms.quizzes.cohort.sheets import key_of
from lms.quizzes.statistics import (
    CERTAIN,
    OUTCOMES,
    THIRDS,
    Counts,
    Figures,
    ItemFigures,
    Outcome,
    Third,
    figures,
)
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.measures import (
    advice_in_words,
    advice_label,
    duration_in_words,
    lack_in_words,
    percent,
    reliability_in_words,
)

SCATTER = Field(left=52, top=14, width=404, height=262, x=(0.0, 1.0), y=(-0.5, 1.0))
SCATTER_LOW = Field(left=52, top=14, width=404, height=262, x=(0.0, 1.0), y=(-1.0, 1.0))
BARS = Field(left=16, top=44, width=444, height=120, x=(0.0, 100.0), y=(0.0, 1.0))
APART = 23.0


@dataclass(frozen=True, slots=True)
class Choice:
    """An option with how many took it; ``letter`` is its place in the author's order."""

    letter: str
    text: Markup
    right: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class Look:
    """A suggestion as it is shown."""

    weight: Weight
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its figures, as the page shows it."""

    number: int
    id: str
    head: Markup
    more: Markup
    item: ItemFigures
    choices: Sequence[Choice]
    looks: Sequence[Look]

    @property
    def weight(self) -> str:
        """That of its heaviest suggestion."""
        return self.looks[0].weight if self.looks else "ok"


class Analysis:
    """All that the pages about a quiz's questions show, worked out from its first attempts."""

    def __init__(self, place: CohortQuiz, first: FirstAttempts) -> None:
        self.place = place
        self.first = first
        quiz = first.quiz
        self.found: Figures = figures([question.id for question in quiz.questions], first.sheets)
        # what the author planned for the whole, on average, in seconds
        self.planned = quiz.minutes * 60 / max(1, first.paper.count)

    @cached_property
    def rows(self) -> list[Row]:
        """The questions in the author's order."""
        return list(self._rows())

    def _rows(self) -> Iterator[Row]:
        quiz, keys = self.first.quiz, key_of(self.first.quiz)
        address = ""
        if quiz.links:
            address = url_for("courses.item", code=self.place.code, item=self.place.line.stable_id)
        texts = self.first.paper.question_texts(address)
        for number, question in enumerate(quiz.questions, start=1):
            item, key = self.found.items[question.id], keys[question.id]
            letters = dict(zip(key, ascii_uppercase, strict=False))
            planned = None if question.by_hand else self.planned
            yield Row(
                number=number,
                id=question.id,
                head=texts[question.id].head,
                more=texts[question.id].more,
                item=item,
                choices=[
                    Choice(
                        letters[option],
                        texts[question.id].options[option],
                        right,
                        item.chosen.get(option, Counts()),
                    )
                    for option, right in key.items()
                ],
                looks=[
                    Look(
                        each.weight,
                        advice_label(each.kind),
                        advice_in_words(
                            each, [letters[option] for option in each.options], item, self.planned
                        ),
                    )
                    for each in advice(item, key, planned=planned)
                ],
            )

    @property
    def troubled(self) -> list[Row]:
        """The questions with a suggestion, the heaviest first."""
        order = list(dict.fromkeys(WEIGHTS.values()))
        return sorted(
            (row for row in self.rows if row.looks), key=lambda row: order.index(row.looks[0].weight)
        )

    @property
    def field(self) -> Field:
        """The scatter's field, as low as it needs to be."""
        values = [row.item.discrimination.value for row in self.rows]
        return SCATTER_LOW if any(value is not None and value < -0.45 for value in values) else SCATTER

    @property
    def scatter(self) -> list[Dot[Row]]:
        """The questions by facility and discrimination, as far as they have both; the heaviest first."""
        points = [
            (row, row.item.facility.value, row.item.discrimination.value)
            for row in (*self.troubled, *(row for row in self.rows if not row.looks))
        ]
        return dots(
            self.field,
            [(row, x, y) for row, x, y in points if x is not None and y is not None],
            apart=APART,
        )

    @property
    def bins(self) -> list[int]:
        """How many learners' scores lie in each tenth of the points."""
        return bins(self.found.percents)


ORDERS: Mapping[str, Callable[[Row], float | None]] = {
    "kemudahan": lambda row: row.item.facility.value,
    "daya-beda": lambda row: row.item.discrimination.value,
    "waktu": lambda row: None if row.item.seconds.value is None else -row.item.seconds.value,
    "kosong": lambda row: -row.item.blank if row.item.n else None,
}
"""Ways to sort the table; None comes last."""


def _sorted(rows: Sequence[Row], order: str) -> list[Row]:
    value_of = ORDERS.get(order)
    if value_of is None:
        return list(rows)

    def place(row: Row) -> tuple[bool, float, int]:
        value = value_of(row)
        return value is None, value or 0.0, row.number

    return sorted(rows, key=place)


def _version() -> int | None:
    text = request.args.get("versi", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None


def _analysis(place: CohortQuiz) -> Analysis:
    return Analysis(place, first_attempts(place, _version()))


@blueprint.get("/kuis/angkatan/<code>/<item>")
@allowed(Deed.FACILITATE, cohort_quiz)
def analysis(place: CohortQuiz) -> ResponseReturnValue:
    """How well the quiz and each of its questions measure, and what its author might look at."""
    made = _analysis(place)
    alpha = made.found.quiz.alpha.value
    order = request.args.get("urut", "")
    return render_template(
        "quizzes/analysis.html",
        quiz=place,
        first=made.first,
        made=made,
        whole=made.found.quiz,
        certain=CERTAIN,
        grade=None if alpha is None else reliability_in_words(reliability_grade(alpha)),
        rows=_sorted(made.rows, order),
        order=order if order in ORDERS else "",
        orders=[
            ("", gettext("Nomor")),
            ("kemudahan", gettext("Tersulit")),
            ("daya-beda", gettext("Daya beda terendah")),
            ("waktu", gettext("Terlama")),
            ("kosong", gettext("Paling sering kosong")),
        ],
        thirds=_thirds(),
        outcomes=_outcomes(),
        bars=BARS,
        lack=lack_in_words,
        percent=percent,
        duration=duration_in_words,
    )


def _thirds() -> list[tuple[Third, str]]:
    words = {"upper": gettext("Atas"), "middle": gettext("Tengah"), "lower": gettext("Bawah")}
    return [(third, words[third]) for third in THIRDS]


def _outcomes() -> list[tuple[Outcome, str]]:
    words = {
        "right": gettext("Benar"),
        "partly": gettext("Benar sebagian"),
        "wrong": gettext("Salah"),
        "blank": gettext("Kosong"),
    }
    return [(outcome, words[outcome]) for outcome in OUTCOMES]


@blueprint.get("/kuis/angkatan/<code>/<item>/analisis/soal.csv")
@allowed(Deed.FACILITATE, cohort_quiz)
def analysis_questions(place: CohortQuiz) -> ResponseReturnValue:
    """The table of questions as a file."""
    made = _analysis(place)
    heads = [
        gettext("Nomor"),
        gettext("Id soal"),
        gettext("Soal"),
        gettext("Versi"),
        gettext("Jumlah percobaan"),
        gettext("Tingkat kemudahan"),
        gettext("Daya beda"),
        gettext("Batas bawah (95 persen)"),
        gettext("Batas atas (95 persen)"),
        gettext("Bagian kosong"),
        gettext("Median waktu (detik)"),
        gettext("Yang perlu dilihat"),
    ]
    return _file(
        f"{place.line.stable_id}-soal.csv", [heads, *(_question_line(made, row) for row in made.rows)]
    )


def _question_line(made: Analysis, row: Row) -> list[Cell]:
    item = row.item
    return [
        row.number,
        row.id,
        _plain(made, row),
        made.first.version,
        item.n,
        _rounded(item.facility.value),
        _rounded(item.discrimination.value),
        _rounded(item.interval[0] if item.interval else None),
        _rounded(item.interval[1] if item.interval else None),
        _rounded(item.blank) if item.n else None,
        _rounded(item.seconds.value, 0),
        "; ".join(look.label for look in row.looks),
    ]


@blueprint.get("/kuis/angkatan/<code>/<item>/analisis/pilihan.csv")
@allowed(Deed.FACILITATE, cohort_quiz)
def analysis_options(place: CohortQuiz) -> ResponseReturnValue:
    """What was chosen and earned, by thirds, as a file: one line for each option, and for each way it went."""
    made = _analysis(place)
    thirds = _thirds()
    heads = [
        gettext("Nomor"),
        gettext("Id soal"),
        gettext("Pilihan"),
        gettext("Kunci"),
        *(word for _, word in thirds),
        gettext("Semua"),
    ]
    texts = {
        (question.id, option.id): markup.plain(option.text)
        for question in made.first.quiz.questions
        for option in question.explain(None).options
    }
    keys = key_of(made.first.quiz)
    lines: list[list[Cell]] = []
    for row in made.rows:
        for (option, right), choice in zip(keys[row.id].items(), row.choices, strict=True):
            key = gettext("ya") if right else gettext("tidak")
            lines.append(
                [
                    row.number,
                    row.id,
                    f"{choice.letter}. {texts[row.id, option]}",
                    key,
                    *_by_third(choice.counts),
                ]
            )
        for outcome, word in _outcomes():
            lines.append([row.number, row.id, word, "", *_by_third(row.item.outcomes[outcome])])
    return _file(f"{place.line.stable_id}-pilihan.csv", [heads, *lines])


def _by_third(counts: Counts) -> list[int]:
    return [*(counts.of(third) for third in THIRDS), counts.all]


def _plain(made: Analysis, row: Row) -> str:
    text = markup.plain(made.first.paper.questions[row.id].prompt)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _rounded(value: float | None, places: int = 4) -> float | int | None:
    if value is None:
        return None
    return round(value, places) if places else round(value)


def _file(name: str, rows: Sequence[Sequence[Cell]]) -> Response:
    response = Response(csv_bytes(rows, str(get_locale())), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
