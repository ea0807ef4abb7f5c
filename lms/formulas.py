"""Turns TeX formulas into MathML that a browser shows without script."""

import re
from collections.abc import Iterator
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from lms.gfmlines import clean

MAX_LENGTH = 2_000
"""Longest formula, in characters of TeX; a longer one is shown as code."""

# What may be written out. Nothing that links, acts or holds HTML (maction, annotation-xml, mglyph), and no
# colours: a formula has the colours of the page, light or dark.
_TOKENS = frozenset({"mi", "mn", "mo", "mtext"})
_ARITY = {
    "mfrac": 2,
    "mroot": 2,
    "msub": 2,
    "msup": 2,
    "munder": 2,
    "mover": 2,
    "msubsup": 3,
    "munderover": 3,
}
_OTHERS = re.compile(
    "menclose|mmultiscripts|mpadded|mphantom|mprescripts|mrow|mspace|msqrt|mstyle|mtable|mtd|mtr|none"
)
_ATTRIBUTE = re.compile(
    "accent|accentunder|columnalign|columnlines|columnspacing|depth|displaystyle|fence|form|height|largeop"
    "|linethickness|lspace|mathvariant|maxsize|minsize|movablelimits|notation|rowlines|rowspacing|rspace"
    "|scriptlevel|separator|stretchy|symmetric|voffset|width"
)
_VALUE = re.compile(r"[A-Za-z0-9.+% -]{1,80}")
# A macro that calls itself, or doubles at each step, is a bomb.
_MACRO = re.compile(r"\\(?:(?:re)?new|provide)(?:command|environment)|\\[gex]?def\b|\\(?:future)?let\b")
# The marks inside a number, but not in \text{...}, whose braces are words.
_DIGIT_MARK = re.compile(r"(\\(?:text\w*|[fhm]box)\{[^{}]*\})|(?<=\d)(?:,(?=\d)|\.(?=\d{3}(?!\d)))")


class BadFormula(ValueError):
    """The TeX cannot be read as a formula."""


def mathml(tex: str, block: bool = False) -> str:
    """Return `<math>` for a TeX formula, standing on a line of its own when `block`.

    Numbers may be written the Indonesian way (1.234,56). Raises BadFormula for TeX that is too long, does not
    parse, uses an unknown command or defines macros.
    """
    if len(tex) > MAX_LENGTH or _MACRO.search(tex):
        raise BadFormula(tex)
    try:
        # Braces around the mark keep it from being read as a separator with space behind it.
        marked = _DIGIT_MARK.sub(lambda mark: mark[1] or f"{{{mark[0]}}}", tex)
        tree = convert_to_element(marked, display="block" if block else "inline")
        inner = "".join(_inside(tree))
    # It has eleven kinds of exception of its own, and lets IndexError and others out.
    except Exception as problem:
        raise BadFormula(tex) from problem
    return f'<math display="block">{inner}</math>' if block else f"<math>{inner}</math>"


# The converter's own text output is not used: it puts the words of \text{...} into the markup unescaped. Its
# tree is written out here, element by allowed element, with every word escaped.
def _inside(parent: Element) -> Iterator[str]:
    number = ""
    for child in [*parent, None]:
        if child is not None and (mark := _number_part(child, bool(number))):
            number += mark
            continue
        if number:
            yield f"<mn>{escape(number)}</mn>"
            number = ""
        if child is not None:
            yield from _written(child)


def _written(element: Element) -> Iterator[str]:
    name = element.tag
    if not (name in _TOKENS or name in _ARITY or _OTHERS.fullmatch(name)):
        yield from ("<mrow>", *_inside(element), "</mrow>")
        return
    if len(element) != _ARITY.get(name, len(element)):
        raise BadFormula(name)
    kept = (
        f' {key}="{value}"'
        for key, value in element.attrib.items()
        if _ATTRIBUTE.fullmatch(key) and _VALUE.fullmatch(value)
    )
    yield f"<{name}{''.join(kept)}>"
    if name in _TOKENS:
        yield escape(_words(element))
    else:
        yield from _inside(element)
    yield f"</{name}>"


def _words(element: Element) -> str:
    """The characters of a token; the converter leaves them as character references."""
    text = clean(unescape("".join(element.itertext())))
    if element.tag != "mtext" and text.startswith("\\") and len(text) > 1:
        raise BadFormula(text)  # a command that the converter does not know
    return text


def _number_part(element: Element, inside: bool) -> str:
    """A number, or the `{,}` or `{.}` inside one; "" for everything else."""
    if element.tag == "mn" and not element.attrib:
        return _words(element)
    if inside and element.tag == "mrow" and len(element) == 1 and element[0].tag == "mo":
        mark = _words(element[0])
        return mark if mark in (",", ".") else ""
    return ""
