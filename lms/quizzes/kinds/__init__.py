"""The kinds of questions. A new kind is one file here with a subclass of `Question`; it finds itself."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from lms.quizzes.kinds.question import Question


def _subclasses(parent: type[Question]) -> Iterator[type[Question]]:
    for child in parent.__subclasses__():
        if child.__struct_config__.tag is not None:
            yield child
        yield from _subclasses(child)


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

KINDS: tuple[type[Question], ...] = tuple(sorted(_subclasses(Question), key=lambda kind: kind.rank))
"""Every kind, in the order in which they are asked whether a block is theirs."""

if TYPE_CHECKING:
    AnyQuestion = Question
else:
    AnyQuestion = Union[KINDS]  # noqa: UP007
    """What msgspec decodes a question to: the class that its `kind` names."""
