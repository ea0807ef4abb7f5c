"""GIFT, Moodle's text format: one question a block, blocks parted by empty lines.

Read as Moodle's own importer reads it (escapes, weights in percent, feedback after `#`, general feedback after
`####`, `$CATEGORY:`, `[html]` and its like, names in `::`), with the braces of the ordering plugin. What GIFT has no
place for stands in `//` comments, which other readers pass over.
"""

import re
from collections.abc import Iterator
from decimal import Context, Decimal

from lms.quizzes.exchange import notes
from lms.quizzes.exchange.losses import of_export
from lms.quizzes.exchange.rough import (
    NOTHING,
    Exported,
    Files,
    Form,
    RoughNumber,
    RoughOption,
    RoughPair,
    RoughPool,
    RoughQuestion,
    RoughQuiz,
    RoughWord,
    Text,
)
from lms.quizzes.exchange.upload import Upload
from lms.quizzes.kinds.choice import Multiple, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.question import Question
from lms.quizzes.kinds.short import Short
from lms.quizzes.source import Quiz

NAME = "gift"
TITLE = "GIFT"
EXTENSION = "gift.txt"

_WIDE = Context(prec=100)
_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d{0,10})?)%")
_FORM = re.compile(r"\[(moodle|html|plain|markdown)\]")
_ORDER = re.compile(r">[ \t]*\d*(?:[ \t]+\w+){0,6}[ \t]*\n(?P<items>.*)", re.DOTALL)
_TRUE = {"T": True, "TRUE": True, "F": False, "FALSE": False}
_ESCAPES = {
    "\\\\": "\ue0a0",
    "\\:": "\ue0a1",
    "\\#": "\ue0a2",
    "\\=": "\ue0a3",
    "\\{": "\ue0a4",
    "\\}": "\ue0a5",
}
_ESCAPES |= {"\\~": "\ue0a6", "\\n": "\ue0a7"}
_MEANT = {sign: written[1] for written, sign in _ESCAPES.items()} | {"\ue0a7": "\n"}
_ESCAPE = re.compile(r"\\[\\:#={}~n]")
_BLANK = "\ue0a8"  # where the answer stands in the middle of a sentence
_SIGN = re.compile("[\ue0a0-\ue0a8]")
_CLAIM = re.compile(r"^[^\S\n]*::|(?<!\\)\{[^{}]*(?<!\\)\}|^\$CATEGORY:", re.MULTILINE)


def claims(upload: Upload) -> bool:
    """Whether the file looks like GIFT."""
    return upload.text is not None and _CLAIM.search(upload.text) is not None


def read(upload: Upload) -> RoughQuiz:
    """Read the questions of a file; nothing is refused, what cannot be read is kept."""
    quiz = RoughQuiz(TITLE)
    pools: list[RoughPool] = []
    for line, block in _blocks(upload.text or ""):
        comments = "\n".join(each for each in block if each.lstrip().startswith("//"))
        rest = [each for each in block if not each.lstrip().startswith("//")]
        notes.read_quiz(comments, quiz)
        while rest and rest[0].lstrip().startswith("$CATEGORY:"):
            path = rest.pop(0).partition("$CATEGORY:")[2].strip()
            pools.append(_pool(path, comments))
            comments = "\n".join(each for each in comments.split("\n") if "[pool:" not in each)
        text = "\n".join(rest).strip()
        if not text:
            continue
        question = RoughQuestion(len(quiz.questions) + 1, line, "\n".join(block))
        question.pool = pools[-1] if pools else None
        _question(_signed(text), question, notes.notes(comments).get("kind", ""))
        notes.read_question(comments, question)
        if tags := re.findall(r"\[tag:([^\]]*)\]", comments):
            question.lose(f"label (tag) tidak dibawa: {', '.join(tags)[:200]}")
        if question.kind != "multiple":
            question.partial = None
        quiz.questions.append(question)
    _settle_pools(quiz, pools)
    return quiz


def _settle_pools(quiz: RoughQuiz, pools: list[RoughPool]) -> None:
    """One category around everything is a title, not a group of questions."""
    if len(pools) == 1 and not pools[0].id and all(each.pool for each in quiz.questions):
        quiz.title = quiz.title or pools[0].title
        for each in quiz.questions:
            each.pool = None


def _pool(path: str, comments: str) -> RoughPool:
    last = re.split(r"(?<!/)/(?!/)", path)[-1].replace("//", "/").strip()
    pool = RoughPool(last or "Kelompok")
    notes.read_pool(comments, pool)
    return pool


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            if not block:
                first = number
            block.append(line)
        elif block:
            yield first, block
            block = []
    if block:
        yield first, block


def _signed(text: str) -> str:
    """The text with escaped characters as private signs, so that what is left bare has its meaning."""
    return _ESCAPE.sub(lambda found: _ESCAPES[found[0]], _SIGN.sub("", text))


def _meant(text: str) -> str:
    return _SIGN.sub(lambda found: _MEANT.get(found[0], found[0]), text)


def _text(signed: str, form: Form) -> Text:
    signed = signed.strip()
    if found := _FORM.match(signed):
        form = found[1]  # type: ignore[assignment]
        signed = signed[found.end() :]
    return Text(_meant(signed).strip(), form)


def _question(text: str, question: RoughQuestion, told: str) -> None:
    if text.startswith("::"):
        name, closed, rest = text[2:].partition("::")
        if closed:
            question.name, text = _meant(name).strip(), rest.strip()
    at, end = text.find("{"), text.find("}")
    if at < 0 and end < 0:
        question.give_up("teks pengantar tanpa jawaban tidak didukung")
        return
    if at < 0 or end < at:
        question.give_up(f"kurung kurawal tidak lengkap di baris {question.line}")
        return
    before, answer, after = text[:at], text[at + 1 : end].strip(), text[end + 1 :]
    if "{" in after.replace("\ue0a4", ""):
        question.give_up(f"lebih dari satu bagian jawaban di baris {question.line}")
        return
    prompt = _text(f"{before}{_BLANK}{after}" if after.strip() else before, "moodle")
    form = prompt.form
    question.prompt = Text(prompt.text.replace(_BLANK, "\\_" * 5 if form == "markdown" else "_" * 5), form)
    answer, marks, general = answer.rpartition("####")
    answer, general = (answer.strip(), general) if marks else (general, "")
    question.explanation = _text(general, form) if general else NOTHING
    _answer(answer, form, question, told)


def _answer(answer: str, form: Form, question: RoughQuestion, told: str) -> None:
    bare = answer.partition("#")[0].strip() if answer.find("#") > 0 else answer
    if not answer:
        question.kind = "essay"
    elif answer.startswith(">") and (found := _ORDER.match(answer)):
        question.kind = "ordering"
        question.items = [_text(line, form) for line in found["items"].split("\n") if line.strip()]
    elif answer.startswith("#"):
        question.kind = "numeric"
        _numbers(answer[1:], form, question)
    elif "~" in answer:
        question.kind = "single" if "=" in answer else "multiple"
        question.options = [_option(part, form) for part in _parts(answer.replace("=", "~="), "~")]
    elif "=" in answer and "->" in answer and told != "short":
        question.kind = "matching"
        _pairs(answer, form, question)
    elif bare.upper() in _TRUE:
        question.kind = "single"
        _true_or_false(_TRUE[bare.upper()], answer.split("#")[1:3], form, question)
    else:
        question.kind = "short"
        for part in _parts(answer, "="):
            share, rest = _share(part.strip(), Decimal(100))
            word, feedback = _commented(rest, form)
            question.words.append(RoughWord(word.text, share, feedback, wild=True))


def _parts(answer: str, mark: str) -> list[str]:
    parts = answer.split(mark)
    return [part for at, part in enumerate(parts) if at or part.strip()]


def _share(part: str, otherwise: Decimal) -> tuple[Decimal, str]:
    if found := _WEIGHT.match(part):
        return Decimal(found[1]), part[found.end() :]
    return otherwise, part


def _commented(part: str, form: Form) -> tuple[Text, Text]:
    words, _, feedback = part.partition("#")
    return _text(words, form), _text(feedback, form)


def _option(part: str, form: Form) -> RoughOption:
    part = part.strip()
    if part.startswith("="):
        share, rest = _share(part[1:].strip(), Decimal(100))
    else:
        share, rest = _share(part, Decimal(0))
    words, feedback = _commented(rest, form)
    return RoughOption(words, share, feedback)


def _true_or_false(true: bool, feedback: list[str], form: Form, question: RoughQuestion) -> None:
    wrong, right = (_text(each, form) for each in (*feedback, "", "")[:2])
    question.options = [
        RoughOption(Text("Benar"), Decimal(100 if true else 0), right if true else wrong),
        RoughOption(Text("Salah"), Decimal(0 if true else 100), wrong if true else right),
    ]


def _pairs(answer: str, form: Form, question: RoughQuestion) -> None:
    for part in _parts(answer, "="):
        left, arrow, right = part.partition("->")
        if not arrow:
            question.give_up(f"pasangan tanpa `->` di soal pada baris {question.line}")
            return
        sides = [_text(each, form) for each in (left, right)]
        if sides[0].form == "markdown":
            sides = [each._replace(text=each.text.replace("-&gt;", "->")) for each in sides]
        question.pairs.append(RoughPair(*sides))


def _numbers(answer: str, form: Form, question: RoughQuestion) -> None:
    answer, tilde, wrong = answer.partition("~")
    if tilde and wrong.partition("#")[2].strip():
        question.lose(
            "umpan balik untuk jawaban salah disimpan sebagai komentar",
            _meant(wrong.partition("#")[2]),
            "umpan balik untuk jawaban salah",
        )
    for part in _parts(answer, "="):
        share, rest = _share(part.strip(), Decimal(100))
        words, feedback = _commented(rest, form)
        accepted = _accepted(words.text)
        if accepted is None:
            question.give_up(f"jawaban angka yang tidak dapat dibaca di soal pada baris {question.line}")
            return
        question.numbers.append(RoughNumber(accepted, share, feedback))


def _accepted(text: str) -> Accepted | None:
    low, dots, high = text.partition("..")
    if dots:
        ends = [notes.number(each) for each in (low, high)]
        if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            return None
        return Accepted(ends[0], ends[1])
    value, _, tolerance = text.partition(":")
    middle, around = notes.number(value), notes.number(tolerance or "0")
    if middle is None or around is None or around < 0:
        return None
    return Accepted(_WIDE.subtract(middle, around), _WIDE.add(middle, around), middle)


# --- writing -------------------------------------------------------------------------------------------------

_RESERVED = re.compile(r"[\\#=~{}:]")
_EMBEDDED = re.compile(r"\[(?:moodle|html|plain|markdown)\]")


def write(quiz: Quiz, files: Files) -> Exported:
    """A quiz as GIFT, its texts as Markdown; pictures have no place in it."""
    lines = [f"// {notes.of_quiz(quiz)}", ""]
    pooled = {each: pool for pool in quiz.pools for each in pool.questions}
    current = None
    for question in quiz.questions:
        pool = pooled.get(question.id)
        if pool is not None and pool is not current:
            title = pool.title.replace("/", "//") or "Kelompok"
            lines += [f"// {notes.of_pool(pool)}", f"$CATEGORY: {title}", ""]
            current = pool
        lines += [*_written(question), ""]
    return Exported(("\n".join(lines)).encode(), of_export(quiz, NAME))


def _escaped(text: str) -> str:
    return _RESERVED.sub(lambda sign: "\\" + sign[0], text).replace("\n", "\\n")


def _markdown(text: str) -> str:
    """A text within a question whose form is Markdown already."""
    return ("[markdown]" if _EMBEDDED.match(text) else "") + _escaped(text)


def _written(question: Question) -> list[str]:
    found = [f"[id:{question.id}]"]
    if question.points != 1:
        found.append(notes.note("points", f"{question.points:f}"))
    body, more = _body(question)
    found += [each for each in more if each]
    head = f"::{_escaped(question.id)}::[markdown]{_escaped(question.prompt)}"
    if question.explanation:
        body.append(f"####{_markdown(question.explanation)}")
    inside = [f"\t{line}" for line in body]
    opening = "{#" if isinstance(question, Numeric) else "{"
    if isinstance(question, Ordering):
        opening = f"{{>{len(question.steps)} ALL VERTICAL LONGEST_ORDERED_SUBSET SHOW"
    if not inside:
        return [f"// {' '.join(found)}", head + opening + "}"]
    return [f"// {' '.join(found)}", head + opening, *inside, "}"]


def _body(question: Question) -> tuple[list[str], list[str]]:
    """The lines between the braces, and the notes that say what they do not."""
    match question:
        case Single():
            lines = [
                _choice("=" if each.right else "~", each.text, each.feedback) for each in question.options
            ]
            return lines, [notes.ids_of(question)]
        case Multiple():
            share = notes.percentage(sum(each.right for each in question.options))
            wrong = f"~%-{share}%" if question.partial else "~%-100%"
            lines = [
                _choice(f"~%{share}%" if each.right else wrong, each.text, each.feedback)
                for each in question.options
            ]
            return lines, ["" if question.partial else notes.note("partial", "no"), notes.ids_of(question)]
        case Numeric():
            return [f"=%100%{_number(each)}#" for each in question.accepts], []
        case Short():
            words = [
                f"=%100%{'[plain]' if _EMBEDDED.match(each) else ''}{_escaped(each.replace('*', chr(92) + '*'))}#"
                for each in question.accepts
            ]
            looks_paired = any("->" in each for each in question.accepts)
            return words, [
                notes.note("kind", "short") if looks_paired else "",
                notes.note("patterns", "\n".join(question.patterns)) if question.patterns else "",
            ]
        case Matching():
            pairs = [
                f"={_side(pair.left.text) if pair.left else ''} -> {_side(pair.right.text)}"
                for pair in question.pairs
            ]
            return pairs, [notes.ids_of(question)]
        case Ordering():
            return [_markdown(each.text) for each in question.steps], [notes.ids_of(question)]
        case Essay():
            return [], notes.of_essay(question)
    raise TypeError(type(question))


def _choice(mark: str, text: str, feedback: str) -> str:
    if mark in ("=", "~") and _WEIGHT.match(text):
        mark += "%100%" if mark == "=" else "%0%"
    return f"{mark}{_markdown(text)}{'#' + _markdown(feedback) if feedback else ''}"


def _number(accepted: Accepted) -> str:
    if accepted.value is None:
        return f"{accepted.low:f}..{accepted.high:f}"
    return f"{accepted.value:f}:{_WIDE.subtract(accepted.high, accepted.value):f}"


def _side(text: str) -> str:
    return _markdown(text.replace("->", "-&gt;"))
