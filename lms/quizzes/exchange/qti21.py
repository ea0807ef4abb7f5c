"""QTI 2.0 to 2.2 (IMS Question and Test Interoperability): one `<assessmentItem>` a file, in a package.

An item's body holds one interaction; what answers are right stands in `<responseDeclaration>`, how they are scored in a
template or in rules. `<assessmentTest>` gives the order, the sections and how many of each are drawn.
"""

import posixpath
import re
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
from lms.quizzes.exchange.tree import Node, written
from lms.quizzes.exchange.upload import Upload
from lms.quizzes.kinds.numeric import Accepted

NAME = "qti21"
TITLE = "QTI 2.1"

MAX_OPTIONS = 200
"""Options of one question; what is beyond any question costs no time."""

_WIDE = Context(prec=100)
_REASONS = {
    "associateInteraction": "memasangkan bebas tidak didukung",
    "gapMatchInteraction": "mengisi celah dengan menyeret tidak didukung",
    "inlineChoiceInteraction": "pilihan di dalam teks tidak didukung",
    "hottextInteraction": "memilih kata di dalam teks tidak didukung",
    "hotspotInteraction": "titik pada gambar tidak didukung",
    "selectPointInteraction": "titik pada gambar tidak didukung",
    "graphicOrderInteraction": "urutan pada gambar tidak didukung",
    "graphicAssociateInteraction": "pasangan pada gambar tidak didukung",
    "graphicGapMatchInteraction": "celah pada gambar tidak didukung",
    "positionObjectInteraction": "menempatkan gambar tidak didukung",
    "sliderInteraction": "penggeser nilai tidak didukung",
    "mediaInteraction": "soal dengan media tidak didukung",
    "drawingInteraction": "menggambar tidak didukung",
    "uploadInteraction": "pengumpulan berkas tidak didukung",
    "customInteraction": "interaksi buatan sendiri tidak didukung",
    "endAttemptInteraction": "tombol petunjuk tidak didukung",
}
_READ = (
    "choiceInteraction",
    "orderInteraction",
    "matchInteraction",
    "textEntryInteraction",
    "extendedTextInteraction",
)
_INTERACTIONS = frozenset((*_READ, *_REASONS))


def claims(upload: Upload) -> bool:
    """Whether the file is QTI 2, alone or in a package."""
    if upload.root is not None:
        return upload.root.name in ("assessmentItem", "assessmentTest")
    return any(b"<assessmentItem" in content[:4000] for content in (upload.files or {}).values())


def read(upload: Upload) -> RoughQuiz:
    """Read the items of a package, in the order of its test."""
    quiz = RoughQuiz(TITLE)
    found = documents(upload)
    quiz.files = unread(upload, set())
    items = {each.path: each for each in found if each.root.name == "assessmentItem"}
    placed: dict[str, tuple[RoughPool | None, Decimal | None]] = {}
    tests = [each for each in found if each.root.name == "assessmentTest"]
    for test in tests:
        quiz.title = quiz.title or test.root.get("title")
        _test(quiz, test, placed)
    if len(tests) > 1:
        quiz.lost.append(f"paket ini berisi {len(tests)} ujian; soalnya digabung menjadi satu kuis")
    for path in placed:
        if path not in items:
            quiz.lost.append(f"soal `{path[-80:]}` disebut di dalam ujian tetapi tidak ada di paket")
    for path in [
        *(each for each in placed if each in items),
        *(each for each in items if each not in placed),
    ]:
        document = items[path]
        pool, weight = placed.get(path, (None, None))
        question = RoughQuestion(
            len(quiz.questions) + 1, document.root.line, document.source(document.root), pool=pool
        )
        _Item(document.root, question, document.folder).read()
        if weight is not None:
            question.points = weight
        quiz.questions.append(question)
    return quiz


def _test(
    quiz: RoughQuiz, test: Document, placed: dict[str, tuple[RoughPool | None, Decimal | None]]
) -> None:
    for control in test.root.all("itemSessionControl"):
        attempts = control.get("maxAttempts")
        if re.fullmatch(r"[1-9]\d{0,2}", attempts):
            quiz.settings["attempts"] = int(attempts)
    for limits in test.root.all("timeLimits"):
        seconds = notes.number(limits.get("maxTime"))
        if seconds and limits in test.root.children("timeLimits"):
            quiz.settings["limit"] = max(1, int(seconds / 60))
        elif seconds:
            quiz.lost.append(f"batas waktu per bagian di baris {limits.line} tidak dibawa")
    if any(each.get("shuffle") == "true" for each in test.root.all("ordering")):
        quiz.settings["shuffle"] = "questions"
    if next(test.root.all("testFeedback"), None) is not None:
        quiz.lost.append("umpan balik ujian (testFeedback) tidak dibawa")
    for section in test.root.all("assessmentSection"):
        selection = section.child("selection")
        drawn = selection.get("select") if selection is not None else ""
        pool = (
            RoughPool(section.get("title") or "Kelompok", draw=int(drawn))
            if re.fullmatch(r"\d{1,3}", drawn)
            else None
        )
        for part in section.children("rubricBlock"):
            words = " ".join(part.text.split())
            if words:
                quiz.lost.append(f"keterangan bagian di baris {part.line} disimpan sebagai komentar")
                quiz.kept.append((f"keterangan bagian {section.get('title')}", words))
        for reference in section.children("assessmentItemRef"):
            path = posixpath.normpath(posixpath.join(test.folder, reference.get("href")))
            weight = reference.child("weight")
            placed.setdefault(path, (pool, notes.number(weight.get("value")) if weight is not None else None))


class _Declared(NamedTuple):
    """What a response declaration says: its type, the right values in order, what values earn."""

    cardinality: str
    base: str
    right: tuple[str, ...]
    mapped: dict[str, Decimal]
    case: bool
    most: Decimal | None


class _Item:
    """Reads one item."""

    def __init__(self, node: Node, question: RoughQuestion, folder: str) -> None:
        self.node = node
        self.question = question
        self.folder = folder
        self.body = node.child("itemBody")
        self.declared = {
            each.get("identifier"): _declared(each) for each in node.children("responseDeclaration")
        }
        processing = node.child("responseProcessing")
        self.processing = processing
        template = processing.get("template") if processing is not None else ""
        self.maps = "map_response" in template or (
            processing is not None and any(processing.all("mapResponse"))
        )

    def read(self) -> None:
        """Fill the question."""
        question, body = self.question, self.body
        question.name = self.node.get("title") or self.node.get("identifier")
        self.points()
        found = list(body.all(*_INTERACTIONS)) if body is not None else []
        if body is None or len(found) != 1:
            question.give_up(
                "lebih dari satu interaksi (cloze) tidak didukung"
                if found
                else "teks tanpa interaksi tidak didukung"
            )
            return
        interaction = found[0]
        if interaction.name in _REASONS:
            question.give_up(_REASONS[interaction.name])
            return
        said = self.declared.get(interaction.get("responseIdentifier"))
        if said is None and interaction.name != "extendedTextInteraction":
            question.give_up(f"tanpa kunci jawaban di baris {interaction.line}")
            return
        question.prompt = self.prompt(body, interaction)
        if interaction.name == "extendedTextInteraction":
            question.kind = "essay"
        elif said is not None:
            {
                "choiceInteraction": self.choice,
                "orderInteraction": self.ordering,
                "matchInteraction": self.matching,
                "textEntryInteraction": self.entry,
            }[interaction.name](interaction, said)
        self.feedback(interaction)

    def points(self) -> None:
        for each in self.node.children("outcomeDeclaration"):
            value = each.child("defaultValue", "value")
            number = notes.number(each.get("normalMaximum"))
            if each.get("identifier") == "MAXSCORE" and value is not None:
                number = notes.number(value.text)
            if each.get("identifier") in ("SCORE", "MAXSCORE") and number:
                self.question.points = (
                    number.normalize() if number != number.to_integral() else number.to_integral()
                )

    def html(self, node: Node | None, *without: str) -> Text:
        """What an element holds, as HTML, some elements left out."""
        if node is None:
            return NOTHING
        text = written(node, lambda each: "" if each.name in without else _picture(each))
        return Text(text.strip(), "html", self.folder)

    def prompt(self, body: Node, interaction: Node) -> Text:
        """The body without its interaction, and then what that asks."""
        blank = "_____" if interaction.name == "textEntryInteraction" else ""

        def instead(each: Node) -> str | None:
            if each is interaction:
                return blank
            return "" if each.name == "rubricBlock" else _picture(each)

        for each in body.all("rubricBlock"):
            words = " ".join(each.text.split())
            self.question.lose(
                "petunjuk penilai (rubricBlock) disimpan sebagai komentar", words, "petunjuk penilai"
            )
        parts = [written(body, instead), *(self.html(each).text for each in interaction.children("prompt"))]
        return Text("".join(f"<div>{part}</div>" for part in parts if part.strip()), "html", self.folder)

    # Kinds.

    def choice(self, interaction: Node, said: _Declared) -> None:
        question = self.question
        question.kind = "single" if said.cardinality == "single" else "multiple"
        question.shuffle = interaction.get("shuffle") == "true"
        shares = dict.fromkeys(said.right, FULL)
        if self.maps and said.mapped:
            above = [share for share in said.mapped.values() if share > 0]
            best = (max(above, default=FULL) if question.kind == "single" else sum(above, Decimal(0))) or FULL
            if said.most and question.kind == "multiple":
                best = min(best, said.most)
            shares = {ident: _WIDE.divide(share * FULL, best) for ident, share in said.mapped.items()}
        elif question.kind == "multiple":
            question.partial = False
        choices = list(interaction.all("simpleChoice"))
        if len(choices) > MAX_OPTIONS:
            question.give_up("terlalu banyak pilihan")
            return
        for node in choices:
            ident = node.get("identifier")
            told = next(node.all("feedbackInline", "feedbackBlock"), None)
            question.options.append(
                RoughOption(
                    self.html(node, "feedbackInline", "feedbackBlock"),
                    shares.get(ident, Decimal(0)),
                    self.html(told) if told is not None else self.modal(ident),
                )
            )

    def ordering(self, interaction: Node, said: _Declared) -> None:
        texts = {node.get("identifier"): self.html(node) for node in interaction.all("simpleChoice")}
        if set(said.right) != set(texts) or len(said.right) != len(texts):
            self.question.give_up(f"urutan yang benar tidak lengkap di baris {interaction.line}")
            return
        self.question.kind = "ordering"
        self.question.items = [texts[ident] for ident in said.right]

    def matching(self, interaction: Node, said: _Declared) -> None:
        question = self.question
        sets = interaction.children("simpleMatchSet")
        sides = [
            {node.get("identifier"): self.html(node) for node in each.all("simpleAssociableChoice")}
            for each in sets
        ]
        written_pairs = said.right or tuple(key for key, share in said.mapped.items() if share > 0)
        pairs = [tuple(each.split()) for each in written_pairs]
        lefts, rights = {each[0] for each in pairs}, {each[-1] for each in pairs}
        if len(sides) != 2 or any(len(each) != 2 for each in pairs):
            question.give_up(f"pasangan yang tidak dapat dibaca di baris {interaction.line}")
        elif (
            not len(pairs) == len(lefts) == len(rights)
            or lefts != set(sides[0])
            or not rights <= set(sides[1])
        ):
            question.give_up("menjodohkan banyak ke banyak tidak didukung")
        else:
            question.kind = "matching"
            question.pairs = [RoughPair(sides[0][left], sides[1][right]) for left, right in pairs]
            question.pairs += [
                RoughPair(NOTHING, text) for ident, text in sides[1].items() if ident not in rights
            ]

    def entry(self, interaction: Node, said: _Declared) -> None:
        question = self.question
        best = max(said.mapped.values(), default=Decimal(0)) or FULL
        shares = {value: _WIDE.divide(share * FULL, best) for value, share in said.mapped.items()}
        shares = shares if self.maps and shares else dict.fromkeys(said.right, FULL) | shares
        if said.base in ("integer", "float"):
            question.kind = "numeric"
            self.numbers(interaction, shares)
            return
        question.kind = "short"
        if said.case:
            question.lose("besar kecil huruf jawaban tidak lagi diperhitungkan")
        question.words = [RoughWord(value, share) for value, share in shares.items()]

    def numbers(self, interaction: Node, shares: dict[str, Decimal]) -> None:
        question = self.question
        around, percent = Decimal(0), False
        for each in self.processing.all("equal") if self.processing is not None else ():
            tolerances = [notes.number(part) for part in each.get("tolerance").split()]
            if (
                each.get("toleranceMode") in ("absolute", "relative")
                and tolerances
                and None not in tolerances
            ):
                around = max(part for part in tolerances if part is not None)
                percent = each.get("toleranceMode") == "relative"
                if len(set(tolerances)) > 1:
                    question.lose("toleransi atas dan bawah yang berbeda disamakan dengan yang terbesar")
        if self.processing is not None and any(self.processing.all("equalRounded", "gte", "lte", "gt", "lt")):
            question.lose("aturan penilaian angka di sumbernya tidak sepenuhnya dibawa; periksa toleransinya")
        for value, share in shares.items():
            middle = notes.number(value)
            if middle is None:
                question.give_up(f"jawaban angka di soal pada baris {interaction.line} tidak dapat dibaca")
                return
            margin = _WIDE.divide(_WIDE.multiply(abs(middle), around), FULL) if percent else around
            low, high = _WIDE.subtract(middle, margin), _WIDE.add(middle, margin)
            question.numbers.append(RoughNumber(Accepted(low, high, middle), share))

    # Feedback.

    def modal(self, ident: str) -> Text:
        found = [each for each in self.node.children("modalFeedback") if each.get("identifier") == ident]
        return self.html(found[0]) if found else NOTHING

    def feedback(self, interaction: Node) -> None:
        """Modal feedback that belongs to no option is kept as a comment."""
        idents = {each.get("identifier") for each in interaction.all("simpleChoice")}
        for each in self.node.children("modalFeedback"):
            if each.get("identifier") not in idents:
                name = each.get("identifier") or "umum"
                self.question.lose(
                    f"umpan balik “{name[:40]}” disimpan sebagai komentar",
                    written(each),
                    f"umpan balik {name}",
                )
        if self.node.get("adaptive") == "true":
            self.question.lose("soal bertahap (adaptive) menjadi soal sekali jawab")
        if next(self.node.all("templateDeclaration"), None) is not None:
            self.question.give_up("soal dengan peubah acak tidak didukung")


def _declared(node: Node) -> _Declared:
    correct = node.child("correctResponse")
    right = tuple(each.text.strip() for each in correct.children("value")) if correct is not None else ()
    mapping = node.child("mapping")
    mapped: dict[str, Decimal] = {}
    case = False
    for each in mapping.children("mapEntry") if mapping is not None else ():
        mapped[each.get("mapKey")] = notes.number(each.get("mappedValue")) or Decimal(0)
        case = case or each.get("caseSensitive") == "true"
    most = notes.number(mapping.get("upperBound")) if mapping is not None else None
    return _Declared(node.get("cardinality"), node.get("baseType"), right, mapped, case, most)


def _picture(node: Node) -> str | None:
    """An object that is a picture, as HTML writes it."""
    if node.name != "object" or not node.get("type", "image/").startswith("image/"):
        return None
    return f'<img src="{escape(node.get("data"))}" alt="{escape(" ".join(node.text.split()))}">'
