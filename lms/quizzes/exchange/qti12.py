"""QTI 1.2 (IMS Question and Test Interoperability, 2002), as Canvas and many others still write it.

An `<item>` presents material and responses, `<resprocessing>` says what answers earn and which `<itemfeedback>` they
show. Canvas tells the kind of a question in its metadata; without that it is read off the responses.
"""

import re
from collections.abc import Iterator
from decimal import Context, Decimal
from html import escape
from typing import NamedTuple

from lms.quizzes.exchange import notes
from lms.quizzes.exchange.package import Document, documents, unread
from lms.quizzes.exchange.rough import (
    FULL,
    NOTHING,
    RoughNumber,
    RoughOption,
    RoughPair,
    RoughPool,
    RoughQuestion,
    RoughQuiz,
    RoughWord,
    Text,
)
from lms.quizzes.exchange.tree import Node
from lms.quizzes.exchange.upload import Upload
from lms.quizzes.kinds.numeric import Accepted

NAME = "qti12"
TITLE = "QTI 1.2"

MAX_OPTIONS = 200
"""Options and rules of one question; what is beyond any question costs no time."""

_WIDE = Context(prec=100)
_RESPONSES = (
    "response_lid",
    "response_str",
    "response_num",
    "response_xy",
    "response_grp",
    "response_extension",
)
_KINDS = {
    "multiple_choice_question": "single",
    "true_false_question": "single",
    "multiple_answers_question": "multiple",
    "short_answer_question": "short",
    "numerical_question": "numeric",
    "matching_question": "matching",
    "ordering_question": "ordering",
    "essay_question": "essay",
}
_REASONS = {
    "fill_in_multiple_blanks_question": "isian beberapa bagian tidak didukung",
    "multiple_dropdowns_question": "pilihan di dalam teks tidak didukung",
    "calculated_question": "soal hitungan dengan peubah acak tidak didukung",
    "file_upload_question": "pengumpulan berkas tidak didukung",
    "text_only_question": "teks pengantar tanpa jawaban tidak didukung",
}
_POLICIES = {"keep_highest": "best", "keep_latest": "last", "keep_average": "average"}
_TRUE = {"true": "Benar", "false": "Salah"}


def claims(upload: Upload) -> bool:
    """Whether the file is QTI 1.2, alone or in a package."""
    if upload.root is not None:
        return upload.root.name == "questestinterop"
    return any(b"<questestinterop" in content[:4000] for content in (upload.files or {}).values())


def read(upload: Upload) -> RoughQuiz:
    """Read the questions of every assessment and bank in a file."""
    quiz = RoughQuiz(TITLE)
    found = documents(upload)
    quiz.files = unread(upload, set())
    tests = [
        (document, holder)
        for document in found
        if document.root.name == "questestinterop"
        for holder in (document.root.children("assessment", "objectbank") or [document.root])
    ]
    for document, holder in tests:
        title = holder.get("title")
        pool = RoughPool(title or f"Bagian {len(quiz.questions) + 1}") if len(tests) > 1 else None
        quiz.title = quiz.title or title
        _section(quiz, document, holder, pool, Decimal(0))
    if len(tests) > 1:
        quiz.lost.append(
            f"berkas ini berisi {len(tests)} kuis atau bank soal; masing-masing menjadi satu kelompok soal"
        )
    for document in found:
        if document.root.name == "quiz":
            _meta(quiz, document.root)
    return quiz


def _section(
    quiz: RoughQuiz, document: Document, holder: Node, pool: RoughPool | None, points: Decimal
) -> None:
    for node in holder:
        if node.name == "item":
            question = RoughQuestion(len(quiz.questions) + 1, node.line, document.source(node), pool=pool)
            _Item(node, question, document.folder).read()
            if points:
                question.points = points
            quiz.questions.append(question)
        elif node.name == "section":
            number = node.child("selection_ordering", "selection", "selection_number")
            each = node.child("selection_ordering", "selection", "selection_extension", "points_per_item")
            inner = pool
            if number is not None:
                drawn = number.text.strip()
                inner = RoughPool(
                    node.get("title") or "Kelompok", draw=int(drawn) if drawn.isdigit() else None
                )
                if node.child("selection_ordering", "selection", "sourcebank_ref") is not None:
                    quiz.lost.append(
                        f"kelompok “{inner.title[:60]}” menarik soal dari bank yang tidak ikut di dalam berkas"
                    )
            _section(
                quiz,
                document,
                node,
                inner,
                (notes.number(each.text) if each is not None else None) or Decimal(0),
            )
        elif node.name in ("presentation_material", "rubric", "objectives"):
            words = " ".join(node.text.split())
            if words:
                quiz.lost.append(f"keterangan di baris {node.line} disimpan sebagai komentar")
                quiz.kept.append((f"keterangan, baris {node.line}", words))


def _meta(quiz: RoughQuiz, node: Node) -> None:
    """What Canvas says of a quiz beside its questions."""

    def value(name: str) -> str:
        found = node.child(name)
        return found.text.strip() if found is not None else ""

    quiz.title = value("title") or quiz.title
    if value("shuffle_answers") == "true":
        quiz.settings["shuffle"] = "options"
    if value("allowed_attempts").isdigit() and int(value("allowed_attempts")):
        quiz.settings["attempts"] = int(value("allowed_attempts"))
    if value("scoring_policy") in _POLICIES:
        quiz.settings["grade"] = _POLICIES[value("scoring_policy")]
    limit = notes.number(value("time_limit"))
    if limit:
        quiz.settings["limit"] = int(limit)
    if description := value("description"):
        quiz.lost.append("keterangan kuis disimpan sebagai komentar")
        quiz.kept.append(("keterangan kuis", description))


class _Rule(NamedTuple):
    """One `<respcondition>`: the tests that must hold, those that must not, what it earns, what it shows."""

    tests: tuple[Node, ...]
    denied: tuple[Node, ...]
    other: bool
    earns: Decimal | None
    adds: bool
    shows: tuple[str, ...]


class _Item:
    """Reads one item."""

    def __init__(self, node: Node, question: RoughQuestion, folder: str) -> None:
        self.node = node
        self.question = question
        self.folder = folder
        self.fields = {
            _words(each.child("fieldlabel")).lower(): _words(each.child("fieldentry"))
            for each in node.all("qtimetadatafield")
        }
        shown = node.child("presentation")
        self.responses = list(_responses(shown)) if shown is not None else []
        self.rules = [_rule(each) for each in node.all("respcondition")]
        self.best = self.maximum()

    def maximum(self) -> Decimal:
        for each in self.node.all("decvar"):
            if (most := notes.number(each.get("maxvalue"))) and most > 0:
                return most
        return max((each.earns or Decimal(0) for each in self.rules), default=Decimal(0)) or FULL

    def read(self) -> None:
        """Fill the question."""
        question = self.question
        question.name = self.node.get("title")
        shown = self.node.child("presentation")
        question.prompt = self.material(shown) if shown is not None else NOTHING
        written = self.fields.get("points_possible") or self.fields.get("qmd_weighting") or ""
        points = notes.number(written) if written else None
        if points is not None:
            question.points = points.normalize() if points != points.to_integral() else points.to_integral()
        elif written:
            question.lose(f"bobot `{written[:20]}` tidak dapat dibaca; bobotnya menjadi 1")
        told = self.fields.get("question_type", "")
        kind = _KINDS.get(told) or ("" if told in _REASONS else self.guessed())
        reason = _REASONS.get(told) or (
            f"jenis “{told[:40]}” tidak didukung" if told else "jenis soal tidak dikenali"
        )
        reader = {
            "single": self.choice,
            "multiple": self.choice,
            "short": self.short,
            "numeric": self.numeric,
            "matching": self.matching,
            "ordering": self.ordering,
            "essay": self.essay,
        }.get(kind)
        if reader is None:
            question.give_up(reason)
            return
        if kind != "essay" and not self.responses:
            question.give_up(f"tanpa bagian jawaban di baris {self.node.line}")
            return
        question.kind = kind  # type: ignore[assignment]
        reader()
        self.feedback()
        for name in ("itemrubric", "objectives"):
            for each in self.node.children(name):
                question.lose(
                    "rubrik atau tujuan soal disimpan sebagai komentar",
                    " ".join(each.text.split()),
                    "rubrik atau tujuan",
                )

    def guessed(self) -> str:
        """The kind, by what the responses are made of."""
        kinds = {(each.name, each.get("rcardinality", "Single").lower()) for each in self.responses}
        drawn = {
            inner.name
            for each in self.responses
            for inner in each.all("render_choice", "render_fib", "render_hotspot")
        }
        if "render_hotspot" in drawn or any(
            each.name not in ("response_lid", "response_str", "response_num") for each in self.responses
        ):
            return ""
        if drawn == {"render_choice"} and len(self.responses) > 1:
            return "matching"
        if drawn == {"render_choice"} and len(kinds) == 1:
            return {"single": "single", "multiple": "multiple", "ordered": "ordering"}.get(
                next(iter(kinds))[1], ""
            )
        if drawn == {"render_fib"} and len(self.responses) == 1:
            blank = next(self.responses[0].all("render_fib"))
            if self.responses[0].name == "response_num" or blank.get("fibtype").lower() in (
                "decimal",
                "integer",
                "scientific",
            ):
                return "numeric"
            return "short" if any(rule.tests and rule.earns for rule in self.rules) else "essay"
        return ""

    def material(self, holder: Node) -> Text:
        """The words and pictures of an element, responses left out, as HTML."""
        parts: list[str] = []
        for each in holder:
            if each.name == "mattext":
                html = each.get("texttype", "text/plain").lower() in ("text/html", "text/xhtml", "html")
                words = each.text
                parts.append(words if html else f"<p>{escape(words.strip()).replace(chr(10), '<br>')}</p>")
            elif each.name == "matimage":
                parts.append(
                    f'<p><img src="{escape(each.get("uri"))}" alt="{escape(each.get("label"))}"></p>'
                )
            elif each.name in ("mataudio", "matvideo", "matapplet", "matapplication", "matref"):
                self.question.lose(f"<{each.name}> tidak dibawa: {each.get('uri')[:80] or 'tanpa alamat'}")
            elif each.name not in _RESPONSES:
                parts.append(self.material(each).text)
        return Text("".join(parts).strip(), "html", self.folder)

    def labels(self, response: Node) -> list[tuple[str, Text]]:
        found = [(each.get("ident"), self.material(each)) for each in response.all("response_label")]
        return [(ident, text) for ident, text in found if text]

    def share(self, rule: _Rule) -> Decimal:
        return _WIDE.divide((rule.earns or Decimal(0)) * FULL, self.best)

    # Kinds.

    def choice(self) -> None:
        question = self.question
        response = self.responses[0]
        if len(self.responses) > 1:
            question.give_up("lebih dari satu bagian jawaban")
            return
        labels = self.labels(response)
        if max(len(labels), len(self.rules)) > MAX_OPTIONS:
            question.give_up("terlalu banyak pilihan")
            return
        shares: dict[str, Decimal] = {}
        for rule in self.rules:
            named = [test.text.strip() for test in rule.tests if test.name == "varequal"]
            if rule.earns is None or not named:
                continue
            if question.kind == "multiple" and not rule.adds and (len(named) > 1 or rule.denied):
                question.partial = False
                shares |= dict.fromkeys(named, FULL)
            else:
                for ident in named:
                    shares[ident] = shares.get(ident, Decimal(0)) + self.share(rule)
        if (
            question.kind == "multiple"
            and question.partial is None
            and not any(rule.adds for rule in self.rules)
        ):
            question.partial = False
        for render in response.all("render_choice"):
            question.shuffle = render.get("shuffle").lower() == "yes" if render.get("shuffle") else None
        for ident, text in labels:
            word = _TRUE.get(re.sub(r"<[^<>]*>", "", text.text).strip().lower())
            text = Text(word) if word and self.fields.get("question_type") == "true_false_question" else text
            question.options.append(RoughOption(text, shares.get(ident, Decimal(0)), self.told(ident)))

    def short(self) -> None:
        question = self.question
        if len(self.responses) > 1:
            question.give_up("isian beberapa bagian tidak didukung")
            return
        for rule in self.rules:
            if rule.earns:
                for test in rule.tests:
                    if test.get("case").lower() == "yes":
                        question.lose("besar kecil huruf jawaban tidak lagi diperhitungkan")
                    question.words.append(RoughWord(test.text.strip(), self.share(rule)))

    def numeric(self) -> None:
        question = self.question
        for rule in self.rules:
            if not rule.earns:
                continue
            found: dict[str, Decimal] = {}
            for test in rule.tests:
                value = notes.number(test.text)
                if value is None:
                    question.give_up(f"jawaban angka di baris {test.line} tidak dapat dibaca")
                    return
                if test.name in ("vargt", "varlt"):
                    question.lose("batas yang tidak termasuk menjadi termasuk")
                found.setdefault({"varequal": "=", "vargte": "<", "vargt": "<"}.get(test.name, ">"), value)
            exact = found.get("=")
            low, high = found.get("<", exact), found.get(">", exact)
            if low is None or high is None or low > high:
                question.give_up(f"jawaban angka tanpa batas di soal pada baris {self.node.line}")
                return
            even = exact is not None and _WIDE.subtract(exact, low) == _WIDE.subtract(high, exact)
            question.numbers.append(
                RoughNumber(Accepted(low, high, exact if even else None), self.share(rule))
            )

    def matching(self) -> None:
        question = self.question
        keys = {
            test.get("respident"): test.text.strip()
            for rule in self.rules
            if rule.earns
            for test in rule.tests
            if test.name == "varequal"
        }
        texts: dict[str, Text] = {}
        for response in self.responses:
            texts |= dict(self.labels(response))
            right = texts.get(keys.get(response.get("ident"), ""))
            if right is None:
                question.give_up(f"pasangan tanpa kunci di baris {response.line}")
                return
            question.pairs.append(RoughPair(self.left(response), right))
        used = {keys.get(response.get("ident")) for response in self.responses}
        question.pairs += [RoughPair(NOTHING, text) for ident, text in texts.items() if ident not in used]

    def left(self, response: Node) -> Text:
        """The material that stands beside the choices of a response."""
        parts = [
            self.material(each).text
            for each in response
            if each.name in ("material", "flow_mat", "material_ref")
        ]
        return Text("".join(parts), "html", self.folder)

    def ordering(self) -> None:
        question = self.question
        texts = dict(self.labels(self.responses[0]))
        for rule in self.rules:
            named = [test.text.strip() for test in rule.tests if test.name == "varequal"]
            if rule.earns and len(named) == len(texts) and set(named) == set(texts):
                question.items = [texts[ident] for ident in named]
                return
        question.give_up(f"urutan yang benar tidak dapat dibaca di soal pada baris {self.node.line}")

    def essay(self) -> None:
        """Nothing beside the prompt."""

    # Feedback.

    def told(self, ident: str) -> Text:
        """What is shown to whoever chooses an option."""
        shown = [
            name
            for rule in self.rules
            if [test.text.strip() for test in rule.tests] == [ident] and not rule.denied
            for name in rule.shows
            if name not in ("correct_fb", "general_fb", "general_incorrect_fb")
        ]
        texts = [
            self.material(each) for each in self.node.children("itemfeedback") if each.get("ident") in shown
        ]
        return texts[0] if texts else NOTHING

    def feedback(self) -> None:
        """Feedback for all becomes the explanation; what belongs to an outcome is kept as a comment."""
        question = self.question
        used = {each.feedback.text for each in question.options}
        general = {name for rule in self.rules if rule.other and rule.earns is None for name in rule.shows}
        for node in self.node.children("itemfeedback"):
            text, ident = self.material(node), node.get("ident")
            solution = next(node.all("solution", "hint"), None)
            if not text or text.text in used:
                continue
            if (
                (ident == "general_fb" or (ident in general and "incorrect" not in ident))
                and not question.explanation
            ) or (solution is not None and solution.name == "solution" and not question.explanation):
                question.explanation = text
            else:
                question.lose(
                    f"umpan balik “{ident[:40]}” disimpan sebagai komentar", text.text, f"umpan balik {ident}"
                )


def _words(node: Node | None) -> str:
    return node.text.strip() if node is not None else ""


def _responses(holder: Node) -> Iterator[Node]:
    for each in holder:
        if each.name in _RESPONSES:
            yield each
        else:
            yield from _responses(each)


def _rule(node: Node) -> _Rule:
    condition = node.child("conditionvar")
    tests: list[Node] = []
    denied: list[Node] = []
    other = False
    if condition is not None:
        other = any(True for _ in condition.all("other"))
        tests, denied = _tests(condition, denied=False)
    earns: Decimal | None = None
    adds = False
    for each in node.children("setvar"):
        earns = notes.number(each.text)
        adds = each.get("action", "Set").lower() == "add"
    shows = tuple(each.get("linkrefid") for each in node.children("displayfeedback"))
    return _Rule(tuple(tests), tuple(denied), other, earns, adds, shows)


def _tests(holder: Node, denied: bool) -> tuple[list[Node], list[Node]]:
    yes: list[Node] = []
    no: list[Node] = []
    for each in holder:
        if each.name.startswith("var"):
            (no if denied else yes).append(each)
        else:
            inner = _tests(each, denied != (each.name == "not"))
            yes += inner[0]
            no += inner[1]
    return yes, no
