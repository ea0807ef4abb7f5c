"""The only door from Markdown to HTML, and the only place that makes Markup.

Two kinds of text come in. "course" is what authors write and a publisher has timed: Python-Markdown, see
`coursetext`. "people" is what anybody types into a form: markdown-it-py without raw HTML, within limits that
keep hostile text as cheap as honest text. Both leave through bleach, always last, with a list of allowed
elements, attributes and values; there is no switch that skips it.

Formulas and check boxes take their place after bleach. bleach parses with html5lib, and MathML inside an HTML
parser is where sanitisers are broken: what is harmless text in one namespace is an element in the other when
it is parsed again. So bleach allows no MathML and no <input> at all, and never sees any. What replaces the
marks was written element by allowed element from a tree (`formulas`), all words escaped. A mark cannot be
forged: its characters are taken out of every text that comes in, and inside a tag it becomes escaped words.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape, unescape
from typing import Literal, NamedTuple

import markupsafe
from bleach.sanitizer import Cleaner
from markdown_it.token import Token
from markupsafe import Markup

from lms import passages, peopletext
from lms.addresses import ID_PREFIX, RAW_TAGS, Link
from lms.coursepage import SEALED, Heading, Sealed
from lms.coursetext import draft
from lms.gfmlines import clean

__all__ = [
    "ID_PREFIX",
    "Heading",
    "Kind",
    "Link",
    "Links",
    "Page",
    "filled",
    "marked",
    "page",
    "plain",
    "strict_page",
    "targets",
    "to_html",
]

Kind = Literal["course", "people"]
Links = tuple[tuple[str, Link], ...]
"""Relative targets as an author writes them, and where they lead."""

MAX_CACHED = 32_000
"""Longest text, in characters, whose HTML is kept in memory."""

MAX_PEOPLE = peopletext.LONGEST
"""Longest text of people, in characters, that is read as Markdown; a longer one is shown as typed."""


class Page(NamedTuple):
    """A lesson: its HTML and the headings of its outline."""

    html: Markup
    headings: tuple[Heading, ...]


def to_html(text: str, kind: Kind, links: Links = ()) -> Markup:
    """Return safe HTML for Markdown of a kind; `links` only matter to "course"."""
    if kind == "course":
        return page(text, links).html
    return (_people if len(text) <= MAX_CACHED else _people.__wrapped__)(text)


def page(text: str, links: Links = ()) -> Page:
    """Return course text as safe HTML with its outline; text that nests beyond reading is shown as typed."""
    return (_page if len(text) <= MAX_CACHED else _page.__wrapped__)(text, links)


def strict_page(text: str, links: Links = ()) -> Page:
    """Render course text without memory; raises RecursionError where `page` would show the text as typed."""
    rough = draft(text, dict(links))
    html = _unseal(_cleaner("course").clean(rough.html), rough.sealed)
    return Page(Markup(html), rough.headings)  # noqa: S704


def targets(text: str) -> tuple[str, ...]:
    """The relative targets of links and pictures in course text, once each, without anchors, as written."""
    return draft(text, {}).targets


@lru_cache(maxsize=256)
def _page(text: str, links: Links) -> Page:
    try:
        return strict_page(text, links)
    except RecursionError:
        return Page(_as_typed(text), ())


def _as_typed(text: str) -> Markup:
    return Markup('<p class="as-typed">{}</p>').format(clean(text).strip("\n"))


# ---- The sanitiser.

_CLASSES = re.compile(
    r"align-(?:center|right)|as-typed|callout(?:-(?:title|word|note|tip|important|warning|caution|example))?"
    r"|footnotes|footnote-(?:ref|back)|formula|reflect|table-frame|task|video-(?:card|title|facts)"
    r"|language-[a-z][a-z0-9_+#-]{0,19}"
)
Check = Callable[[str], object]
_NUMBER: Check = re.compile(r"\d{1,5}").fullmatch
_START: Check = re.compile(r"\d{1,9}").fullmatch
_ID: Check = re.compile(ID_PREFIX + "[a-z0-9-]{1,200}").fullmatch
_LANGUAGE: Check = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*").fullmatch


def _one_of(*values: str) -> Check:
    return frozenset(values).__contains__


def _anything(value: str) -> bool:
    return True


def _classes(value: str) -> bool:
    return all(_CLASSES.fullmatch(name) for name in value.split())


def _own_picture(value: str) -> bool:
    """No picture from elsewhere: it would tell that place who reads what."""
    return not re.match(r"\s*(?:[^/?#]*:|[/\\]{2})", unescape(value))


_COURSE: dict[str, dict[str, Check]] = {
    "*": {"class": _classes, "id": _ID, "lang": _LANGUAGE, "title": _anything},
    "a": {"href": _anything, "aria-label": _anything, "rel": _one_of("noopener noreferrer")}
    | {"role": _one_of("doc-noteref", "doc-backlink")},
    "aside": {"role": _one_of("note")},
    "details": {"open": _anything},
    "div": {"aria-label": _anything, "role": _one_of("group", "region"), "tabindex": _one_of("0")},
    "img": {"alt": _anything, "src": _own_picture, "width": _NUMBER, "height": _NUMBER}
    | {"loading": _one_of("lazy"), "decoding": _one_of("async")},
    "ol": {"start": _START},
    "pre": {"tabindex": _one_of("0")},
    "section": {"aria-label": _anything, "role": _one_of("doc-endnotes")},
    "td": {"colspan": _NUMBER, "rowspan": _NUMBER},
    "th": {"colspan": _NUMBER, "rowspan": _NUMBER, "scope": _one_of("col", "row")},
}
_PEOPLE: dict[str, dict[str, Check]] = {
    "*": {},
    "a": {"href": _anything, "title": _anything, "rel": _one_of("nofollow ugc noopener")},
    "div": {"aria-label": _one_of("Tabel"), "class": _one_of("table-frame"), "role": _one_of("group")}
    | {"tabindex": _one_of("0")},
    "ol": _COURSE["ol"],
    "pre": _COURSE["pre"],
    "td": {"class": _one_of("align-center", "align-right")},
    "th": {"class": _one_of("align-center", "align-right"), "scope": _one_of("col")},
}
_HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
_TAGS: dict[Kind, frozenset[str]] = {
    "course": RAW_TAGS | _HEADINGS | {"aside", "section"},
    "people": (_HEADINGS - {"h2"})
    | frozenset(("a", "blockquote", "br", "code", "del", "div", "em", "hr", "li", "ol", "p", "pre", "strong"))
    | frozenset(("table", "tbody", "td", "th", "thead", "tr", "ul")),
}
_here = threading.local()  # a bleach Cleaner keeps state while it cleans: one of each kind a thread


def _cleaner(kind: Kind) -> Cleaner:
    cleaner: Cleaner | None = getattr(_here, kind, None)
    if cleaner is None:
        rules = _COURSE if kind == "course" else _PEOPLE

        def allowed(tag: str, name: str, value: str) -> bool:
            check = rules.get(tag, {}).get(name) or rules["*"].get(name)
            return check is not None and bool(check(value))

        protocols = frozenset(("http", "https", "mailto"))
        cleaner = Cleaner(tags=_TAGS[kind], attributes=allowed, protocols=protocols)
        setattr(_here, kind, cleaner)
    return cleaner


_TAG_OR_SEALED = re.compile(r"(<[a-z/](?:[^<>\"]|\"[^\"]*\")*>)|" + SEALED)


def _unseal(html: str, sealed: tuple[Sealed, ...]) -> str:
    def in_tag(mark: re.Match[str]) -> str:
        return escape(sealed[int(mark[1])].words)

    def replace(found: re.Match[str]) -> str:
        return re.sub(SEALED, in_tag, found[1]) if found[1] else sealed[int(found[2])].html

    return _TAG_OR_SEALED.sub(replace, html) if sealed else html


# ---- What people type.

_URL = re.compile(r"https?://[a-z0-9][^\s<>\"'`|\\^{}]{1,2000}", re.IGNORECASE)


@lru_cache(maxsize=512)
def _people(text: str) -> Markup:
    tokens = peopletext.tokens(text)
    if tokens is None:
        return _as_typed(clean(text))
    html = peopletext.MARKDOWN.renderer.render(list(_adapted(tokens)), peopletext.MARKDOWN.options, {})
    return Markup(_cleaner("people").clean(html))  # noqa: S704


def _adapted(tokens: list[Token]) -> Iterator[Token]:
    """Headings from h3 without a gap, tables in a frame, code the keyboard reaches, people's links."""
    above: list[str] = []
    for at, token in enumerate(tokens):
        match token.type:
            case "heading_open":
                while above and above[-1] >= token.tag:
                    above.pop()
                above.append(token.tag)
                token.tag = tokens[at + 2].tag = f"h{min(6, 2 + len(above))}"
            case "table_open":
                yield _html('<div class="table-frame" role="group" aria-label="Tabel" tabindex="0">')
            case "th_open" | "td_open":
                if align := str(token.attrs.pop("style", "")).removeprefix("text-align:"):
                    token.attrs["class"] = f"align-{align}"
                if token.type == "th_open" and tokens[at + 1].content:
                    token.attrs["scope"] = "col"
                elif token.type == "th_open":
                    token.tag = tokens[at + 2].tag = "td"  # an empty corner heads nothing
            case "fence" | "code_block":
                token = _html(f'<pre tabindex="0"><code>{escape(token.content)}</code></pre>\n')
            case "inline":
                token.children = list(_with_links(token.children or []))
        yield token
        if token.type == "table_close":
            yield _html("</div>\n")


def _html(content: str) -> Token:
    return Token("html_block", "", 0, content=content)


def _with_links(tokens: list[Token]) -> Iterator[Token]:
    """Marks links as people's and makes links of bare addresses; markdown-it's own ways to are not linear."""
    inside = 0
    for token in tokens:
        inside += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type in ("s_open", "s_close"):
            token.tag = "del"
        if token.type == "link_open":
            token.attrSet("rel", "nofollow ugc noopener")
        if token.type != "text" or inside or "://" not in token.content:
            yield token
            continue
        at = 0
        for found in _URL.finditer(token.content):
            url = _without_end_marks(found[0])
            yield _text(token.content[at : found.start()])
            attributes: dict[str, str | int | float] = {"href": url, "rel": "nofollow ugc noopener"}
            yield Token("link_open", "a", 1, attrs=attributes)
            yield _text(url)
            yield Token("link_close", "a", -1)
            at = found.start() + len(url)
        yield _text(token.content[at:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _without_end_marks(url: str) -> str:
    """An address without the sentence's marks behind it; a bracket stays when it was opened inside."""
    closing = url.count(")") - url.count("(")
    end = len(url)
    while url[end - 1] in "?!.,:;*_~" or (url[end - 1] == ")" and closing > 0):
        closing -= url[end - 1] == ")"
        end -= 1
    return url[:end]


# ---- Words without markup.

# Every repetition has a limit or starts where the last one ended: linear on any text.
_IN_BRACKETS = r"!?\[([^\[\]]{0,1000})\]"
_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?m)^[ \t>]+"), ""),
    (re.compile(r"(?m)^(?:`{3,}[^`\n]*|~{3,}.*|[-*_=|: \t]+)$"), ""),  # fences, rules, table heads
    (re.compile(r"(?m)^(?:#{1,6}[ \t]|(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t])?|:[ \t])"), ""),
    (re.compile(r"(?m)^\[[^\[\]^\n]{1,200}\]:[ \t]*(?:\S+://\S*|[^\s:]+)[ \t]*$"), ""),  # addresses of links
    (re.compile(r"\[![A-Za-z]{3,12}\]|\[\^[^\[\]\s]{1,80}\]:?"), ""),  # callouts and footnotes
    (re.compile(r"(?m)[ \t]\{[ \t]*[.#][^{}\n]{0,200}\}[ \t]*$"), ""),
    (re.compile(r"</?[A-Za-z][^<>\n]{0,500}>|<!--[^<>]{0,5000}-->"), " "),
    (re.compile(rf"{_IN_BRACKETS}\([^()\s]{{0,2000}}(?:\([^()\s]{{0,200}}\))?[^()]{{0,500}}\)"), r"\1"),
    (re.compile(rf"{_IN_BRACKETS}(?:\[[^\[\]\n]{{0,200}}\])?"), r"\1"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
    (re.compile(r"[*`|]+|~~|(?<!\w)_+|_+(?!\w)"), " "),
)


def filled(pieces: Sequence[Markup], values: Sequence[object]) -> Markup:
    """Pieces of HTML with a value in each gap, escaped unless it is Markup; ValueError when they do not fit."""
    parts: list[str] = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        parts += (value if isinstance(value, Markup) else markupsafe.escape(str(value)), piece)
    return Markup("".join(parts))  # noqa: S704


def sentence(text: str) -> Markup:
    """A sentence of our own catalogue, which may hold markup and ``%(name)s``; what fills it is escaped."""
    return Markup(text)  # noqa: S704


def marked(html: Markup, marks: Sequence[passages.Mark], *, without_deleted: bool = False) -> Markup:
    """Rendered text with its passages marked; what marks say is escaped."""
    return Markup(passages.marked(html, marks, without_deleted=without_deleted))  # noqa: S704


def plain(text: str) -> str:
    """The words of a text of either kind without markup, spaces made single; for counting and summaries."""
    words = clean(text)
    for pattern, instead in _MARKUP:
        words = pattern.sub(instead, words)
    return " ".join(unescape(words).split())
