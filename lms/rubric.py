"""A rubric: criteria with weights, levels with descriptors, and the points that chosen levels give.

Points are a share of a criterion's weight: the best level gives all of it, and a level without points of its
own gives its id divided by the highest id, so nilai = sum of weight x points, out of 100. Sums are exact; a
result with no end in decimals (a third of a weight) is rounded to twelve of them, far below anything that is
shown.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any

import msgspec

from lms import frontmatter
from lms.problems import Problem

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

Score = int | Decimal
"""What a grader gives for a criterion: a level's id or, if it has a range, points from 0 to 1 as Decimal."""

_PLACES = 12


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A level of quality; `points` is the share of the weight that it gives, from 0 to 1."""

    id: Annotated[int, msgspec.Meta(ge=0, le=100)]
    label: Title
    points: Decimal | None = None


class Criterion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is judged: `levels` describes each level by its id, `sections` says where in the project to look.

    With `range` a grader may give points between those of the level and of the next lower one.
    """

    id: str
    title: Title
    weight: Decimal
    sections: tuple[str, ...] = ()
    levels: dict[int, str] = {}
    range: bool = False


class Rubric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Levels from best to worst, and criteria whose weights add up to 100."""

    title: Title
    id: str | None = None
    levels: Annotated[tuple[Level, ...], msgspec.Meta(min_length=2, max_length=10)]
    criteria: Annotated[tuple[Criterion, ...], msgspec.Meta(min_length=1, max_length=40)]

    def criterion(self, name: str) -> Criterion | None:
        """The criterion with this id."""
        return next((criterion for criterion in self.criteria if criterion.id == name), None)

    def level(self, level_id: int) -> Level | None:
        """The level with this id."""
        return next((level for level in self.levels if level.id == level_id), None)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one criterion gave: `points` of 1, `contribution` of 100; all absent without a score."""

    criterion: Criterion
    level: Level | None = None
    descriptor: str = ""
    points: Decimal | None = None
    contribution: Decimal | None = None


class BadScore(ValueError):
    """A score that the rubric does not know."""


def parse(text: str, file: str) -> tuple[Rubric | None, list[Problem]]:
    """Read a rubric's file, named `file` in problems; the rubric is None when anything is wrong."""
    try:
        matter = frontmatter.load_yaml(text)
        rubric = frontmatter.decode(matter.values, matter.lines, Rubric)
    except frontmatter.BadMatter as bad:
        return None, bad.problems(file)
    problems = [Problem(file, _line(matter.lines, path), message) for path, message in _wrong(rubric)]
    return (None if problems else rubric), sorted(set(problems))


def unknown_sections(text: str, file: str, sections: Collection[str]) -> list[Problem]:
    """Problems of a rubric whose criteria name sections other than these, its project's."""
    rubric, _ = parse(text, file)
    if rubric is None:
        return []
    lines = frontmatter.load_yaml(text).lines
    return [
        Problem(
            file,
            _line(lines, f"criteria.{index}.sections"),
            f"Kriteria `{criterion.id}` menyebut bagian `{section}`, yang tidak ada di proyeknya. "
            f"Yang ada: {', '.join(sections)}.",
        )
        for index, criterion in enumerate(rubric.criteria)
        for section in criterion.sections
        if section not in sections
    ]


def missing(rubric: Rubric, scores: Mapping[str, Score]) -> tuple[str, ...]:
    """The ids of criteria without a score, in order."""
    return tuple(criterion.id for criterion in rubric.criteria if criterion.id not in scores)


def points(rubric: Rubric, scores: Mapping[str, Score]) -> Decimal | None:
    """The grade out of 100, or None while a criterion has no score; raises BadScore."""
    shares = _shares(rubric, scores)
    if len(shares) < len(rubric.criteria):
        return None
    return _decimal(
        sum((_weight(criterion) * shares[criterion.id] for criterion in rubric.criteria), Fraction(0))
    )


def breakdown(rubric: Rubric, scores: Mapping[str, Score]) -> tuple[Part, ...]:
    """What each criterion gave and why, in order, also while some have no score; raises BadScore."""
    shares = _shares(rubric, scores)
    parts = []
    for criterion in rubric.criteria:
        share = shares.get(criterion.id)
        if share is None:
            parts.append(Part(criterion=criterion))
            continue
        score = scores[criterion.id]
        level = level_at(rubric, score) if isinstance(score, Decimal) else rubric.level(score)
        parts.append(
            Part(
                criterion=criterion,
                level=level,
                descriptor=criterion.levels.get(level.id, "") if level else "",
                points=_decimal(share),
                contribution=_decimal(_weight(criterion) * share),
            )
        )
    return tuple(parts)


def level_points(rubric: Rubric, level_id: int) -> Decimal:
    """The share of the weight that a level gives, from 0 to 1; raises BadScore."""
    return _decimal(_share(rubric, level_id))


def bounds(rubric: Rubric, level_id: int) -> tuple[Decimal, Decimal]:
    """The points that a range criterion can give inside a level: more than the first, up to the second.

    Inside the worst level they begin at 0 itself.
    """
    lower = [level for level in rubric.levels if _share(rubric, level.id) < _share(rubric, level_id)]
    return (level_points(rubric, lower[0].id) if lower else Decimal(0)), level_points(rubric, level_id)


def level_at(rubric: Rubric, share: Decimal) -> Level:
    """The level that points between 0 and 1 belong to: the lowest that reaches them."""
    return next(
        (level for level in reversed(rubric.levels) if Fraction(share) <= _share(rubric, level.id)),
        rubric.levels[0],
    )


def _shares(rubric: Rubric, scores: Mapping[str, Score]) -> dict[str, Fraction]:
    shares = {}
    for name, score in scores.items():
        criterion = rubric.criterion(name)
        if criterion is None:
            raise BadScore(f"no criterion {name!r}")
        if isinstance(score, Decimal):
            if not criterion.range:
                raise BadScore(f"criterion {name!r} takes levels only")
            if not score.is_finite() or not 0 <= Fraction(score) <= _share(rubric, rubric.levels[0].id):
                raise BadScore(f"points {score} of criterion {name!r} are out of range")
            shares[name] = Fraction(score)
        else:
            shares[name] = _share(rubric, score)
    return shares


def _share(rubric: Rubric, level_id: int) -> Fraction:
    level = rubric.level(level_id)
    if level is None:
        raise BadScore(f"no level {level_id!r}")
    if level.points is not None:
        return Fraction(level.points)
    return Fraction(level.id, max(each.id for each in rubric.levels) or 1)


def _weight(criterion: Criterion) -> Fraction:
    return Fraction(criterion.weight)


def _decimal(value: Fraction) -> Decimal:
    """Exact where decimals end within twelve places, else rounded there."""
    scaled = round(value * 10**_PLACES)
    text = f"{Decimal(scaled).scaleb(-_PLACES):f}"
    return Decimal(text.rstrip("0").rstrip("."))


def _wrong(rubric: Rubric) -> list[tuple[str, str]]:
    """What does not fit together: (path, message)."""
    found: list[tuple[str, str]] = []
    found += _repeated("levels", [str(level.id) for level in rubric.levels], "id", "tingkat")
    found += _repeated("levels", [level.label for level in rubric.levels], "label", "tingkat")
    found += _repeated("criteria", [criterion.id for criterion in rubric.criteria], "id", "kriteria")
    for index, level in enumerate(rubric.levels):
        if level.points is not None and not 0 <= level.points <= 1:
            found.append(
                (
                    f"levels.{index}.points",
                    f"Nilai `points` harus di antara 0 dan 1; tertulis `{level.points}`.",
                )
            )
    shares = [_share(rubric, level.id) for level in rubric.levels]
    for index, (better, worse) in enumerate(pairwise(shares), start=1):
        if worse >= better:
            found.append(
                (
                    f"levels.{index}",
                    "Urutkan tingkat dari yang terbaik; setiap tingkat bernilai lebih rendah.",
                )
            )
    if shares[0] != 1:
        found.append(
            ("levels.0", "Tingkat terbaik harus bernilai penuh; tulis `points: 1` atau hapus `points`.")
        )
    total = sum((criterion.weight for criterion in rubric.criteria), Decimal(0))
    if total != 100:
        found.append(("criteria", f"Jumlah bobot harus 100; sekarang {total}. Ubah `weight` kriterianya."))
    ids = {level.id: level for level in rubric.levels}
    for index, criterion in enumerate(rubric.criteria):
        path = f"criteria.{index}"
        if criterion.weight <= 0:
            found.append((f"{path}.weight", "Bobot harus lebih dari 0."))
        for level_id in ids:
            if not criterion.levels.get(level_id, "").strip():
                label = ids[level_id].label
                found.append(
                    (
                        f"{path}.levels",
                        f"Kriteria `{criterion.id}` belum menguraikan tingkat {level_id} ({label}).",
                    )
                )
        for level_id in criterion.levels:
            if level_id not in ids:
                found.append((f"{path}.levels.{level_id}", f"Tidak ada tingkat {level_id}; hapus uraiannya."))
        found += _repeated(f"{path}.sections", list(criterion.sections), "", "bagian")
    return found


def _repeated(path: str, names: list[str], key: str, what: str) -> list[tuple[str, str]]:
    found = []
    for index, name in enumerate(names):
        if name in names[:index]:
            where = f"{path}.{index}.{key}" if key else f"{path}.{index}"
            found.append(
                (where, f"`{name}` dipakai dua {what}; beri nama yang berbeda atau hapus salah satu.")
            )
    return found


def _line(lines: Mapping[str, Any], path: str) -> int:
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return int(lines.get(path, 1))
