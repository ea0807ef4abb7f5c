"""Moodle XML: a `<quiz>` of `<question type="...">`, as Moodle's question bank writes it.

Texts stand in `<text>` with their form as an attribute beside them, their pictures in `<file>` as base64; `fraction` is
what an answer earns in percent. What the format has no place for stands in XML comments.
"""

import re
from decimal import Context, Decimal
from xml.sax.saxutils import escape, quoteattr

from lms import markup
from lms.quizzes.exchange import notes
from lms.quizzes.exchange.losses import of_export
from lms.quizzes.exchange.pictures import FOLDER, as_base64, from_base64
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
from lms.quizzes.exchange.tree import Node, source_of
from lms.quizzes.exchange.upload import Upload
from lms.quizzes.exchange.wording import replaced_targets
from lms.quizzes.kinds.choice import Multiple, Single
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.numeric import Accepted, Numeric
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.question import Question
from lms.quizzes.kinds.short import Short
from lms.quizzes.source import Quiz

NAME = "moodle"
TITLE = "Moodle XML"
EXTENSION = "moodle.xml"

_WIDE = Context(prec=100)
_FORMS: dict[str, Form] = {
    "html": "html",
    "moodle_auto_format": "moodle",
    "plain_text": "plain",
    "wiki_like": "plain",
    "markdown": "markdown",
}
_KNOWN = frozenset(
    re.findall(
        r"\w+",
        "name questiontext generalfeedback defaultgrade penalty hidden idnumber single"
        " shuffleanswers answernumbering showstandardinstruction answer subquestion usecase units"
        " unit unitgradingtype unitpenalty showunits unitsleft instructions correctfeedback"
        " partiallycorrectfeedback incorrectfeedback shownumcorrect hint tags coursetags"
        " responseformat responserequired responsefieldlines attachments attachmentsrequired"
        " filetypeslist maxbytes minwordlimit maxwordlimit graderinfo responsetemplate image"
        " image_base64 layouttype selecttype selectcount gradingtype showgrading numberingstyle"
        " questionnumbering category info correctresponsesfeedback minwordenabled maxwordenabled"
        " generalfeedbackformat",
    )
)
_STANDARD = frozenset(
    (
        "your answer is correct.",
        "your answer is partially correct.",
        "your answer is incorrect.",
        "jawaban anda benar.",
        "jawaban anda sebagian benar.",
        "jawaban anda salah.",
        "jawaban anda tidak benar.",
    )
)
_FILE = re.compile(r"(<file\b[^>]{0,1000}>)[^<]{41,}")


def claims(upload: Upload) -> bool:
    """Whether the file is Moodle XML."""
    return (
        upload.root is not None and upload.root.name == "quiz" and upload.root.child("question") is not None
    )


def read(upload: Upload) -> RoughQuiz:
    """Read the questions of a file."""
    assert upload.root is not None
    assert upload.text is not None
    quiz = RoughQuiz(TITLE)
    files: dict[str, bytes] = {}
    quiz.files = files
    content = upload.text.encode()
    pools: list[RoughPool] = []
    notes.read_quiz("\n".join(upload.root.comments), quiz)
    for node in upload.root.children("question"):
        if node.get("type") == "category":
            pools.append(_pool(node, quiz))
            continue
        source = _FILE.sub(r"\1…", source_of(node, content))
        question = RoughQuestion(len(quiz.questions) + 1, node.line, source)
        question.pool = pools[-1] if pools else None
        _Reader(node, question, files).read()
        quiz.questions.append(question)
    for each in upload.root:
        if each.name != "question":
            quiz.lost.append(f"unsur <{each.name[:40]}> di baris {each.line} tidak dikenal dan tidak dibawa")
    if len(pools) == 1 and not pools[0].id and all(each.pool for each in quiz.questions):
        quiz.title = quiz.title or pools[0].title
        for question in quiz.questions:
            question.pool = None
    return quiz


def _pool(node: Node, quiz: RoughQuiz) -> RoughPool:
    path = _plain(node.child("category"))
    last = re.split(r"(?<!/)/(?!/)", path)[-1].replace("//", "/").strip()
    pool = RoughPool(last or "Kelompok")
    notes.read_pool("\n".join(node.comments), pool)
    info = _plain(node.child("info"))
    if info:
        quiz.lost.append(f"keterangan kategori “{pool.title[:60]}” disimpan sebagai komentar")
        quiz.kept.append((f"keterangan kategori {pool.title}", info))
    return pool


def _plain(node: Node | None) -> str:
    """The words of an element that holds `<text>`, or right the words."""
    if node is None:
        return ""
    inner = node.child("text")
    return (inner.text if inner is not None else node.words).strip()


class _Reader:
    """Reads one question."""

    def __init__(self, node: Node, question: RoughQuestion, files: dict[str, bytes]) -> None:
        self.node = node
        self.question = question
        self.files = files
        self.texts = 0
        self.form: Form = "html"

    def read(self) -> None:
        """Fill the question."""
        node, question = self.node, self.question
        told = "\n".join((*node.comments, *(text for each in node for text in each.comments)))
        question.name = _plain(node.child("name"))
        question.id = self.value("idnumber")
        question.prompt = self.text(node.child("questiontext"))
        self.form = question.prompt.form
        self.old_picture()
        question.explanation = self.text(node.child("generalfeedback"))
        grade = notes.number(self.value("defaultgrade") or "1")
        if grade is None:
            question.lose(f"bobot `{self.value('defaultgrade')[:20]}` tidak dapat dibaca; bobotnya menjadi 1")
        else:
            question.points = grade.normalize() if grade != grade.to_integral() else grade.to_integral()
        kind = node.get("type")
        reader = _KINDS.get(kind)
        if reader is None:
            question.give_up(_REASONS.get(kind, f"jenis “{kind[:40]}” tidak didukung"))
        else:
            reader(self)
        self.rest()
        notes.read_question(told, question)
        for at in notes.notes(told).get("spans", "").split(","):
            if at.isdigit() and int(at) < len(question.numbers):
                given = question.numbers[int(at)]
                given.accepted = Accepted(given.accepted.low, given.accepted.high)

    def value(self, name: str) -> str:
        return _plain(self.node.child(name))

    def text(self, node: Node | None) -> Text:
        """A text with its form, its files laid where its addresses look for them."""
        if node is None:
            return NOTHING
        self.texts += 1
        folder = f"{self.question.number}/{self.texts}"
        for file in node.children("file"):
            content = from_base64(file.text) if file.get("encoding", "base64") == "base64" else None
            path = "/".join(part for part in (folder, file.get("path").strip("/"), file.get("name")) if part)
            if content is None:
                self.question.lose(
                    f"berkas `{file.get('name')[:60]}` di baris {file.line} tidak dapat dibaca"
                )
            else:
                self.files[path] = content
        form = _FORMS.get(node.get("format").strip(), self.form)
        return Text(_plain(node), form, folder)

    def old_picture(self) -> None:
        """A picture as Moodle wrote it before version 2: beside the text."""
        name, data = self.value("image"), self.value("image_base64")
        content = from_base64(data) if data else None
        if name and content is not None:
            name = name.rpartition("/")[2]
            prompt = self.question.prompt
            self.files[f"{prompt.folder}/{name}"] = content
            tag = f"<img src={quoteattr('@@PLUGINFILE@@/' + name)} alt=''>"
            self.question.prompt = Text(f"{prompt.text} {tag}", "html", prompt.folder)
        elif name:
            self.question.lose(f"gambar `{name[:60]}` tidak ikut di dalam berkas")

    def rest(self) -> None:
        """What stands beside the answers: told, and kept where it holds words."""
        node, question = self.node, self.question
        for name, what in (
            ("correctfeedback", "umpan balik untuk jawaban benar"),
            ("partiallycorrectfeedback", "umpan balik untuk jawaban sebagian benar"),
            ("incorrectfeedback", "umpan balik untuk jawaban salah"),
        ):
            words = self.value(name)
            if markup.plain(words).casefold() in _STANDARD:
                question.lose("umpan balik bawaan Moodle (benar, sebagian, salah) tidak dibawa")
            elif words:
                question.lose(f"{what} disimpan sebagai komentar", words, what)
        for hint in node.children("hint"):
            question.lose("petunjuk (hint) disimpan sebagai komentar", _plain(hint), "petunjuk")
        penalty = notes.number(self.value("penalty") or "0")
        if penalty is None or penalty:
            question.lose("pengurangan nilai untuk percobaan ulang (penalty) tidak dibawa")
        if self.value("hidden") == "1":
            question.lose("soal ini tersembunyi di Moodle dan di sini tampil")
        labels = [_plain(tag) for name in ("tags", "coursetags") for tag in self.tags(name)]
        if labels:
            question.lose(f"label (tag) tidak dibawa: {', '.join(labels)[:200]}")
        if self.value("answernumbering") not in ("", "abc", "none"):
            question.lose("penomoran pilihan tidak dibawa")
        for each in node:
            if each.name not in _KNOWN:
                question.lose(
                    f"unsur <{each.name[:40]}> tidak dikenal dan tidak dibawa", each.text, each.name[:40]
                )

    def tags(self, name: str) -> list[Node]:
        holder = self.node.child(name)
        return holder.children("tag") if holder is not None else []

    # Kinds.

    def answers(self) -> list[tuple[Node, Decimal, Text]]:
        """The answers with what they earn and their feedback."""
        found = []
        for node in self.node.children("answer"):
            written = node.get("fraction") or _plain(node.child("fraction")) or "0"
            share = notes.number(written)
            if share is None:
                self.question.lose(
                    f"bagian nilai `{written[:20]}` di baris {node.line} tidak dapat dibaca; menjadi 0"
                )
            found.append((node, share or Decimal(0), self.text(node.child("feedback"))))
        return found

    def choice(self) -> None:
        question = self.question
        single = self.value("single") in ("true", "1", "")
        question.kind = "single" if single and self.node.get("type") != "multichoiceset" else "multiple"
        if self.node.get("type") == "multichoiceset":
            question.partial = False
        question.shuffle = self.value("shuffleanswers") in ("true", "1")
        question.options = [RoughOption(self.text(node), share, told) for node, share, told in self.answers()]

    def true_or_false(self) -> None:
        question = self.question
        question.kind = "single"
        for at, (node, share, told) in enumerate(self.answers()[:2]):
            word = _plain(node).lower()
            true = word == "true" if word in ("true", "false") else at == 0
            question.options.append(RoughOption(Text("Benar" if true else "Salah"), share, told))

    def short(self) -> None:
        question = self.question
        question.kind = "short"
        if self.value("usecase") == "1":
            question.lose("besar kecil huruf jawaban tidak lagi diperhitungkan")
        question.words = [
            RoughWord(_plain(node), share, told, wild=True) for node, share, told in self.answers()
        ]

    def numeric(self) -> None:
        question = self.question
        question.kind = "numeric"
        for node, share, told in self.answers():
            written = _plain(node)
            if written == "*":
                question.lose(
                    "umpan balik untuk jawaban salah disimpan sebagai komentar",
                    told.text,
                    "umpan balik untuk jawaban salah",
                )
                continue
            value, around = notes.number(written), notes.number(_plain(node.child("tolerance")) or "0")
            if value is None or around is None or around < 0:
                question.give_up(f"jawaban angka yang tidak dapat dibaca di baris {node.line}")
                return
            low, high = _WIDE.subtract(value, around), _WIDE.add(value, around)
            question.numbers.append(RoughNumber(Accepted(low, high, value), share, told))
        units = [_plain(each.child("unit_name")) for each in self.node.all("unit")]
        if units:
            question.lose("satuan jawaban tidak dibawa; sebutkan di dalam soal", ", ".join(units), "satuan")
        instructions = self.value("instructions")
        if instructions:
            question.lose(
                "petunjuk penulisan satuan disimpan sebagai komentar", instructions, "petunjuk satuan"
            )

    def matching(self) -> None:
        question = self.question
        question.kind = "matching"
        if self.value("shuffleanswers") in ("false", "0"):
            question.lose("pasangan yang tidak diacak di sumbernya selalu diacak di sini")
        for node in self.node.children("subquestion"):
            left = self.text(node)
            form: Form = "markdown" if left.form == "markdown" else "plain"
            question.pairs.append(RoughPair(left, Text(_plain(node.child("answer")), form)))

    def essay(self) -> None:
        question = self.question
        question.kind = "essay"
        least, most = self.value("minwordlimit"), self.value("maxwordlimit")
        bounds = [each if re.fullmatch(r"[1-9]\d{0,4}", each) else "" for each in (least, most)]
        if any(bounds):
            question.attributes.append(f"words={bounds[0]}..{bounds[1]}")
        if self.value("graderinfo"):
            question.lose(
                "petunjuk bagi penilai disimpan sebagai komentar",
                self.value("graderinfo"),
                "petunjuk penilai",
            )
        if self.value("responsetemplate"):
            question.lose(
                "kerangka jawaban disimpan sebagai komentar",
                self.value("responsetemplate"),
                "kerangka jawaban",
            )
        if self.value("attachments") not in ("", "0"):
            question.lose("lampiran pada jawaban esai tidak didukung; esai di sini berupa teks")

    def ordering(self) -> None:
        question = self.question
        question.kind = "ordering"
        steps = sorted(self.answers(), key=lambda each: each[1])
        question.items = [self.text(node) for node, _, _ in steps]
        if self.value("selecttype") not in ("", "ALL", "0"):
            question.lose("pemilihan sebagian langkah tidak didukung; semua langkah diurutkan")
        if self.value("gradingtype") not in ("", "LONGEST_ORDERED_SUBSET", "5"):
            question.lose(
                "cara menilai urutan lain di sumbernya; di sini dihitung deret terpanjang yang runtut"
            )


_KINDS = {
    "multichoice": _Reader.choice,
    "multichoiceset": _Reader.choice,
    "truefalse": _Reader.true_or_false,
    "shortanswer": _Reader.short,
    "numerical": _Reader.numeric,
    "matching": _Reader.matching,
    "match": _Reader.matching,
    "essay": _Reader.essay,
    "ordering": _Reader.ordering,
}
_REASONS = {
    "cloze": "cloze tidak didukung",
    "multianswer": "cloze tidak didukung",
    "description": "teks pengantar tanpa jawaban tidak didukung",
    "calculated": "soal hitungan dengan peubah acak tidak didukung",
    "calculatedsimple": "soal hitungan dengan peubah acak tidak didukung",
    "calculatedmulti": "soal hitungan dengan peubah acak tidak didukung",
    "random": "soal acak dari kategori tidak didukung; pakai kelompok dengan `draw`",
    "randomsamatch": "soal menjodohkan acak tidak didukung",
    "ddwtos": "seret kata ke dalam teks tidak didukung",
    "gapselect": "pilihan di dalam teks tidak didukung",
    "ddimageortext": "seret ke atas gambar tidak didukung",
    "ddmarker": "penanda di atas gambar tidak didukung",
}


# --- writing -------------------------------------------------------------------------------------------------


def write(quiz: Quiz, files: Files) -> Exported:
    """A quiz as Moodle XML, its texts as Markdown and the pictures that are given embedded."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<!-- {notes.of_quiz(quiz)} -->", "<quiz>"]
    pooled = {each: pool for pool in quiz.pools for each in pool.questions}
    current = None
    for question in quiz.questions:
        pool = pooled.get(question.id)
        if pool is not None and pool is not current:
            title = pool.title.replace("/", "//") or "Kelompok"
            lines += [f"<!-- {notes.of_pool(pool)} -->", '<question type="category">']
            lines += [f"  <category><text>$course$/top/{escape(title)}</text></category>", "</question>"]
            current = pool
        lines += _Writer(question, files, quiz.shuffle in ("options", "all")).lines()
    return Exported("\n".join((*lines, "</quiz>", "")).encode(), of_export(quiz, NAME))


class _Writer:
    """Writes one question."""

    def __init__(self, question: Question, files: Files, mixed: bool) -> None:
        self.question = question
        self.files = files
        self.mixed = mixed

    def lines(self) -> list[str]:
        """Its element, with a comment before it where there is something to note."""
        question = self.question
        kind, body, noted = self.body()
        told = " ".join(each for each in noted if each)
        name = markup.plain(question.prompt)[:80].strip() or question.id
        return [
            *([f"<!-- {told} -->"] if told else []),
            f'<question type="{kind}">',
            f"  <name><text>{escape(name)}</text></name>",
            f"  {self.text('questiontext', question.prompt)}",
            f"  {self.text('generalfeedback', question.explanation)}",
            f"  <defaultgrade>{question.points:f}</defaultgrade>",
            "  <penalty>0</penalty>",
            "  <hidden>0</hidden>",
            f"  <idnumber>{escape(question.id)}</idnumber>",
            *(f"  {line}" for line in body),
            "</question>",
        ]

    def text(self, name: str, text: str, inside: str = "", attributes: str = "") -> str:
        """An element with a text in Markdown and the files that the text shows."""
        found: dict[str, bytes] = {}

        def change(target: str, mark: str) -> str | None:
            if target not in self.files or not target.startswith(FOLDER):
                return None
            short = target.removeprefix(FOLDER)
            found[short] = self.files[target]
            return f"@@PLUGINFILE@@/{short}"

        text = replaced_targets(text, change)
        held = "".join(
            f'<file name={quoteattr(short)} path="/" encoding="base64">{as_base64(content)}</file>'
            for short, content in found.items()
        )
        return f'<{name}{attributes} format="markdown"><text>{escape(text)}</text>{held}{inside}</{name}>'

    def answer(self, share: str, text: str, inside: str = "", form: str = "plain_text") -> str:
        """An answer in plain words."""
        return f'<answer fraction="{share}" format="{form}"><text>{escape(text)}</text>{inside}</answer>'

    def option(self, share: str, text: str, feedback: str) -> str:
        """An option in Markdown with its feedback."""
        told = self.text("feedback", feedback) if feedback else ""
        return self.text("answer", text, told, f' fraction="{share}"')

    def body(self) -> tuple[str, list[str], list[str]]:
        """The type, the lines that belong to it, and the notes that say what they do not."""
        question = self.question
        mixed = f"<shuffleanswers>{'true' if self.mixed else 'false'}</shuffleanswers>"
        head = [mixed, "<answernumbering>abc</answernumbering>"]
        match question:
            case Single():
                options = [
                    self.option("100" if each.right else "0", each.text, each.feedback)
                    for each in question.options
                ]
                return "multichoice", ["<single>true</single>", *head, *options], [notes.ids_of(question)]
            case Multiple():
                share = notes.percentage(sum(each.right for each in question.options))
                wrong = f"-{share}" if question.partial else "-100"
                options = [
                    self.option(share if each.right else wrong, each.text, each.feedback)
                    for each in question.options
                ]
                told = "" if question.partial else notes.note("partial", "no")
                return (
                    "multichoice",
                    ["<single>false</single>", *head, *options],
                    [told, notes.ids_of(question)],
                )
            case Numeric():
                numbers = [self.number(each) for each in question.accepts]
                spans = [str(at) for at, each in enumerate(question.accepts) if each.value is None]
                return "numerical", numbers, [notes.note("spans", ",".join(spans)) if spans else ""]
            case Short():
                words = [self.answer("100", each.replace("*", "\\*")) for each in question.accepts]
                patterns = notes.note("patterns", "\n".join(question.patterns)) if question.patterns else ""
                return "shortanswer", ["<usecase>0</usecase>", *words], [patterns]
            case Matching():
                pairs = [
                    self.text(
                        "subquestion",
                        pair.left.text if pair.left else "",
                        f"<answer><text>{escape(pair.right.text)}</text></answer>",
                    )
                    for pair in question.pairs
                ]
                return "matching", ["<shuffleanswers>true</shuffleanswers>", *pairs], [notes.ids_of(question)]
            case Ordering():
                steps = [
                    self.text("answer", each.text, attributes=f' fraction="{at}"')
                    for at, each in enumerate(question.steps, start=1)
                ]
                rules = ["<layouttype>VERTICAL</layouttype>", "<selecttype>ALL</selecttype>"]
                rules.append("<gradingtype>LONGEST_ORDERED_SUBSET</gradingtype>")
                return "ordering", [*rules, *steps], [notes.ids_of(question)]
            case Essay():
                bounds = [f"<minwordlimit>{question.least}</minwordlimit>"] if question.least else []
                bounds += [f"<maxwordlimit>{question.most}</maxwordlimit>"] if question.most else []
                told = notes.note("rubric", question.rubric) if question.rubric else ""
                return "essay", ["<responseformat>editor</responseformat>", *bounds], [told]
        raise TypeError(type(question))

    def number(self, accepted: Accepted) -> str:
        """An answer in numbers: the middle and how far from it is right."""
        middle = accepted.value
        if middle is None:
            middle = _WIDE.divide(_WIDE.add(accepted.low, accepted.high), Decimal(2))
        tolerance = f"<tolerance>{_WIDE.subtract(accepted.high, middle):f}</tolerance>"
        return self.answer("100", f"{middle:f}", tolerance, "moodle_auto_format")
