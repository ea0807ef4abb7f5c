"""The rules for texts, one function each."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from lms.projects import rules
from lms.projects.checks.finding import Found
from lms.projects.checks.wording import length, missing_headings, phrases_in, unwanted

C = TypeVar("C", bound=rules.Check)
_TextRule = Callable[[str, C], Iterator[Found]]

TEXT_RULES: dict[type, _TextRule[Any]] = {}


def _in_text(kind: type[C]) -> Callable[[_TextRule[C]], _TextRule[C]]:
    """Registers what computes a rule in a text."""

    def register(rule: _TextRule[C]) -> _TextRule[C]:
        TEXT_RULES[kind] = rule
        return rule

    return register


@_in_text(rules.Avoid)
def _avoid_in_text(text: str, check: rules.Avoid) -> Iterator[Found]:
    for phrase in phrases_in(text, check):
        yield unwanted(phrase, check, None, None)


@_in_text(rules.Words)
def _words_in_text(text: str, check: rules.Words) -> Iterator[Found]:
    return length(text, check.min, check.max)


@_in_text(rules.Headings)
def _headings(text: str, check: rules.Headings) -> Iterator[Found]:
    return missing_headings(text, check.headings)
