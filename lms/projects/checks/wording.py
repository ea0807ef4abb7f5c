"""What is found in words: their number, headings that lack, phrases better avoided."""

import re
from collections.abc import Iterator
from functools import lru_cache

from lms import formats
from lms.projects import rules
from lms.projects.checks.finding import Found
from lms.projects.content import heading_key, headings, words
from lms.projects.rules import N_
from lms.projects.sheet import key_of


def length(text: str, least: int, most: int | None) -> Iterator[Found]:
    """A text with fewer or more words than asked for."""
    if not least and most is None:
        return
    count = words(text)
    values = {
        "count": formats.decimal(count),
        "min": formats.decimal(least),
        "max": formats.decimal(most or 0),
    }
    if count < least:
        values["more"] = formats.decimal(least - count)
        text = N_("Panjangnya %(count)s kata; paling sedikit %(min)s.")
        yield Found(text, N_("Tambahkan paling sedikit %(more)s kata."), values)
    elif most is not None and count > most:
        values["more"] = formats.decimal(count - most)
        text = N_("Panjangnya %(count)s kata; paling banyak %(max)s.")
        yield Found(text, N_("Kurangi paling sedikit %(more)s kata."), values)


def missing_headings(text: str, wanted: tuple[str, ...]) -> Iterator[Found]:
    """Headings that a text was to have and does not."""
    present = set(headings(text)) if wanted else set()
    for heading in wanted:
        if heading_key(heading) not in present:
            yield Found(
                N_("Judul “%(heading)s” belum ada."),
                N_("Tulis “%(heading)s” sebagai judul di atas uraiannya."),
                {"heading": heading},
                about=heading_key(heading),
            )


def unwanted(phrase: str, check: rules.Avoid, row: int | None, column: str | None) -> Found:
    """What is said of a phrase better avoided."""
    text = N_("Diawali dengan “%(phrase)s”.") if check.at == "start" else N_("Tertulis “%(phrase)s”.")
    return Found(text, N_("Pertimbangkan rumusan lain."), {"phrase": phrase}, row, column, phrase)


def phrases_in(text: str, check: rules.Avoid) -> Iterator[str]:
    """Each phrase that stands in the text, once, in the order met."""
    pattern = _any_of(check.phrases, check.at)
    flat = " ".join(text.split()).casefold()
    seen: set[str] = set()
    for match in pattern.finditer(flat):
        if match[1] not in seen:
            seen.add(match[1])
            yield match[1]


@lru_cache(maxsize=256)
def _any_of(phrases: tuple[str, ...], at: str) -> re.Pattern[str]:
    # Longest first, so that "jumlah dokumen" is met before "jumlah".
    known = sorted({key_of(phrase) for phrase in phrases}, key=len, reverse=True)
    start = r"\A\W*" if at == "start" else r"(?<!\w)"
    return re.compile(f"{start}({'|'.join(map(re.escape, known))})(?!\\w)")
