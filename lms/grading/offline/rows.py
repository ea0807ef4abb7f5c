"""The rows of a sheet: what each holds, how it goes out, and how what comes back is laid over what is stored.

Every row is weighed alone, against the value it went out with and the value that is stored now. What was changed in the
sheet only is taken; what was changed online only stays; what was changed in both is refused and shown, so that nothing
that was typed in either place is lost.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from lms import formats
from lms import rubric as rubrics
from lms.grading import content
from lms.grading.content import Note, Opinion, ReviewContent, SectionReview
from lms.grading.offline import identity
from lms.grading.offline.book import HEADING, Block, Cell, Kind, Line, Row
from lms.grading.offline.identity import RowName
from lms.grading.typed import NOTES_AT_MOST, TEXT_AT_MOST, tidy
from lms.refusals import N_
from lms.rubric import Criterion, Rubric

NEW_NOTES = 25
"""Empty rows for notes on each sheet."""

Values = tuple[str, ...]


class Option(NamedTuple):
    """A choice: what is stored, and what people read."""

    id: str
    label: str


class EarlierNote(msgspec.Struct, frozen=True):
    """A note of the version before, with what the team answered."""

    id: int
    section: str
    text: str
    reply: str


class Subject(msgspec.Struct, frozen=True):
    """What a reviewer says something about: the sections to decide on, the rubric, the notes of the version before."""

    sections: tuple[Option, ...]
    rubric: Rubric
    earlier: tuple[EarlierNote, ...] = ()


class Words(msgspec.Struct, frozen=True):
    """What choices and headings are called; ``also`` is what choices are called in the other languages."""

    decisions: tuple[Option, ...]
    kinds: tuple[Option, ...]
    judgements: tuple[Option, ...]
    titles: Mapping[str, str]
    also: Mapping[str, str]

    def chosen(self, options: Sequence[Option], text: str) -> str | None:
        """The id that a cell's text stands for: '' for an empty one, None for one that is no choice."""
        wanted = _plain(text)
        if not wanted:
            return ""
        known = {_plain(option.label): option.id for option in options}
        ids = {option.id for option in options}
        other = self.also.get(wanted, "")
        return known.get(wanted) or (other if other in ids else None)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def level_option(level: rubrics.Level) -> Option:
    """A level as it is chosen: "4 Sangat baik"."""
    return Option(str(level.id), f"{level.id} {level.label}")


# What a row holds


def points_as_said(text: str) -> str:
    """Points in one spelling, so that "80,0" in a cell is the "80" that was stored; what is no number stays."""
    try:
        return formats.decimal(formats.parse_decimal(text)) if text.strip() else ""
    except formats.UnreadableNumber:
        return " ".join(text.split())[:40]


def opinion_values(opinion: Opinion) -> Values:
    """Level, points, comment."""
    level = "" if opinion.level is None else str(opinion.level)
    return level, points_as_said(opinion.points), opinion.comment


def note_values(section_id: str, note: Note) -> Values:
    """Section, kind, text."""
    return section_id, kind_of(note), note.text


def kind_of(note: Note) -> str:
    """The kind of a note, as a choice."""
    return note.kind


def with_values(kind: str, text: str, before: Note | None) -> Note:
    """A note as its row says; where it was one before, its place in the section stays."""
    known: content.NoteKind = next((each for each in content.NOTE_KINDS if each == kind), "suggestion")
    return Note(text, kind=known, anchor=before.anchor if before else None)


# Going out


def blocks(
    subject: Subject, said: ReviewContent, words: Words, sign: Callable[[str, str], str]
) -> tuple[Block, ...]:
    """The rows to fill in, with what is said already; ``sign`` makes a row's token from its name and base."""
    found = [
        _decisions(subject, said, words, sign),
        _criteria(subject, said, words, sign),
        *([_earlier(subject, said, words, sign)] if subject.earlier else []),
        _notes(subject, said, words, sign),
        _general(said, words, sign),
    ]
    return tuple(found)


def _heads(words: Words, *names: str) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = (words.titles[name] if name else "" for name in names)
    return one, two, three, four, five


def _label(options: Sequence[Option], wanted: str) -> str:
    return next((option.label for option in options if option.id == wanted), "")


def _labels(options: Sequence[Option]) -> tuple[str, ...]:
    return tuple(option.label for option in options)


Sign = Callable[[str, str], str]


def _decisions(subject: Subject, said: ReviewContent, words: Words, sign: Sign) -> Block:
    lines = []
    for section in subject.sections:
        decision = said.section(section.id).decision
        lines.append(
            Line(
                token=sign(f"bagian:{section.id}", identity.digest((decision,))),
                cells=(section.label, _label(words.decisions, decision), "", "", ""),
                fill=frozenset[Kind]({"C"}),
                choices=_labels(words.decisions),
            )
        )
    return Block(words.titles["decisions"], _heads(words, "section", "decision", "", "", ""), tuple(lines))


def _criteria(subject: Subject, said: ReviewContent, words: Words, sign: Sign) -> Block:
    levels = [level_option(level) for level in subject.rubric.levels]
    lines = []
    for number, criterion in enumerate(subject.rubric.criteria, start=1):
        values = opinion_values(said.opinion(criterion.id))
        level, points, comment = values
        told = "\n".join(
            f"{each.id} {each.label}: {criterion.levels.get(each.id, '')}" for each in subject.rubric.levels
        )
        fill: set[Kind] = {"C", "D", "E"} if criterion.range else {"C", "E"}
        lines.append(
            Line(
                token=sign(f"kriteria:{criterion.id}", identity.digest(values)),
                cells=(
                    f"{number}. {criterion.title} ({formats.decimal(criterion.weight)})",
                    _label(levels, level),
                    points,
                    comment,
                    told,
                ),
                fill=frozenset(fill),
                choices=_labels(levels),
            )
        )
    return Block(
        words.titles["criteria"],
        _heads(words, "criterion", "level", "points", "comment", "descriptors"),
        tuple(lines),
    )


def _earlier(subject: Subject, said: ReviewContent, words: Words, sign: Sign) -> Block:
    lines = []
    for note in subject.earlier:
        judged = said.earlier.get(note.id, "")
        lines.append(
            Line(
                token=sign(f"sebelum:{note.id}", identity.digest((judged,))),
                cells=(
                    _label(subject.sections, note.section),
                    _label(words.judgements, judged),
                    "",
                    note.text,
                    note.reply,
                ),
                fill=frozenset[Kind]({"C"}),
                choices=_labels(words.judgements),
            )
        )
    return Block(
        words.titles["earlier"], _heads(words, "section", "judgement", "", "note", "reply"), tuple(lines)
    )


def _notes(subject: Subject, said: ReviewContent, words: Words, sign: Sign) -> Block:
    rows = [(section.id, note) for section in subject.sections for note in said.section(section.id).notes]
    fill = frozenset[Kind]({"B", "C", "E"})
    sections, kinds = _labels(subject.sections), _labels(words.kinds)
    lines = []
    for number, (section_id, note) in enumerate(rows, start=1):
        values = note_values(section_id, note)
        lines.append(
            Line(
                token=sign(f"catatan:{number}", identity.digest(values)),
                cells=(
                    _label(subject.sections, section_id),
                    _label(words.kinds, values[1]),
                    "",
                    note.text,
                    "",
                ),
                fill=fill,
                sections=sections,
                choices=kinds,
            )
        )
    nothing = identity.digest(("", "", ""))
    lines += [
        Line(
            token=sign(f"baru:{number}", nothing),
            cells=("", "", "", "", ""),
            fill=fill,
            sections=sections,
            choices=kinds,
        )
        for number in range(1, NEW_NOTES + 1)
    ]
    return Block(words.titles["notes"], _heads(words, "section", "kind", "", "note", ""), tuple(lines))


def _general(said: ReviewContent, words: Words, sign: Sign) -> Block:
    line = Line(
        token=sign("umum", identity.digest((said.summary,))),
        cells=(words.titles["general"], "", "", said.summary, ""),
        fill=frozenset[Kind]({"E"}),
    )
    return Block(words.titles["general"], _heads(words, "", "", "", "comment", ""), (line,))


# Coming back

Fate = Literal["taken", "same", "refused"]


class Told(msgspec.Struct, frozen=True):
    """What became of a row: the cell to look at, what it is about, and why it was refused.

    ``reason`` is a sentence to translate with ``values``; where both places were changed, ``typed`` and ``online`` say
    how.
    """

    cell: str
    about: str
    fate: Fate
    reason: str = ""
    values: dict[str, str | int] = {}
    typed: str = ""
    online: str = ""


class _Refused(Exception):
    def __init__(self, column: str, reason: str, **values: str | int) -> None:
        super().__init__(reason)
        self.column, self.reason, self.values = column, reason, values


class _Differs(Exception):
    """Changed in both places."""

    def __init__(self, typed: str, online: str) -> None:
        super().__init__()
        self.typed, self.online = typed, online


_FOREIGN = N_("Baris ini berasal dari lembar hasil kerja lain, jadi tidak dibaca.")
_STRAY = N_("Baris ini ditambahkan sendiri. Salin isinya ke baris kosong yang tersedia, lalu unggah lagi.")
_TWICE = N_("Baris ini ada dua kali di lembar yang sama. Yang pertama yang dibaca.")
_BOTH = N_("Isian ini juga diubah di meja telaah sejak paket dibuat. Yang di meja telaah tetap berlaku.")
_FLAWS = {
    "formula": N_("Sel itu berisi rumus. Tulis hasilnya sebagai teks atau angka."),
    "error": N_("Sel itu berisi galat Excel."),
    "date": N_("Sel itu berisi tanggal, bukan isian yang diminta."),
    "long": N_("Teksnya terlalu panjang. Paling panjang %(limit)s karakter."),
}
_CHOICE = N_("“%(typed)s” bukan salah satu pilihan. Pilih dari daftar di sel itu.")
_SECTION = N_("Pilih bagian yang diberi catatan.")
_MANY = N_("Bagian itu sudah memuat %(limit)s catatan, jumlah paling banyak.")
_POINTS = N_("Angka itu tidak termasuk tingkat yang dipilih, atau bukan angka.")
_NO_LEVEL = N_("Pilih tingkatnya juga; angka saja tidak cukup.")
_NO_RANGE = N_("Kriteria ini tidak memakai angka; pilih tingkatnya saja.")
_GONE = N_("Baris ini tentang sesuatu yang tidak ada lagi di versi ini.")


def merged(
    subject: Subject,
    stored: ReviewContent,
    found: Sequence[Row],
    words: Words,
    read_token: Callable[[str], RowName | None],
) -> tuple[ReviewContent, tuple[Told, ...]]:
    """What is stored with what these rows bring, and what became of each row that says anything."""
    merging = _Merging(subject, stored, words)
    merging.bases.update(
        known.base for row in found if (known := read_token(row.token)) and known.name.startswith("catatan:")
    )
    told = [each for row in found if (each := merging.row(row, read_token)) is not None]
    return merging.said, tuple(told)


class _Merging:
    def __init__(self, subject: Subject, stored: ReviewContent, words: Words) -> None:
        self.subject = subject
        self.said = stored
        self.words = words
        self.seen: set[str] = set()
        self.bases: Counter[str] = Counter()
        """What the rows of notes went out with."""
        self.levels = [level_option(level) for level in subject.rubric.levels]

    def row(self, row: Row, read_token: Callable[[str], RowName | None]) -> Told | None:
        filled = next(_filled(row), "")
        if row.token == HEADING or (not row.token and not filled):
            return None
        about = row.cells[0].text[:120]
        if not row.token:
            return Told(f"{filled}{row.line}", about, "refused", _STRAY)
        known = read_token(row.token)
        if known is None:
            return Told(f"A{row.line}", about, "refused", _FOREIGN)
        kind, _, name = known.name.partition(":")
        if known.name in self.seen and kind != "baru":
            return Told(f"A{row.line}", about, "refused", _TWICE)
        self.seen.add(known.name)
        try:
            fate = self._weigh(kind, name, known.base, row)
        except _Refused as refused:
            return Told(f"{refused.column}{row.line}", about, "refused", refused.reason, refused.values)
        except _Differs as differs:
            return Told(
                f"{filled or 'B'}{row.line}", about, "refused", _BOTH, {}, differs.typed, differs.online
            )
        return Told(f"{filled or 'B'}{row.line}", about, fate) if fate else None

    def _weigh(self, kind: str, name: str, base: str, row: Row) -> Fate | None:
        match kind:
            case "bagian":
                return self._decision(name, base, row)
            case "kriteria":
                return self._criterion(name, base, row)
            case "sebelum":
                return self._judgement(name, base, row)
            case "catatan":
                return self._note(base, row)
            case "baru":
                return self._new_note(row)
            case "umum":
                return self._general(base, row)
        raise _Refused("A", _GONE)

    # Each kind of row

    def _decision(self, name: str, base: str, row: Row) -> Fate:
        if not any(section.id == name for section in self.subject.sections):
            raise _Refused("B", _GONE)
        typed = self._choice(row, self.words.decisions)
        now = self.said.section(name)
        if not self._differs(
            base, (typed,), (now.decision,), lambda each: _label(self.words.decisions, each[0])
        ):
            return "same"
        decision: content.Decision = "accept" if typed == "accept" else "return" if typed == "return" else ""
        self._put(name, msgspec.structs.replace(now, decision=decision))
        return "taken"

    def _criterion(self, name: str, base: str, row: Row) -> Fate:
        criterion = self.subject.rubric.criterion(name)
        if criterion is None:
            raise _Refused("B", _GONE)
        level = self._level(row)
        points = points_as_said(_read(row, "D"))
        typed = (level, points, self._text(row))
        if not self._differs(base, typed, opinion_values(self.said.opinion(name)), self._opinion_said):
            return "same"
        opinion = Opinion(level=int(level) if level else None, points=points, comment=typed[2])
        self._refuse_points(criterion, opinion)
        self.said = msgspec.structs.replace(self.said, criteria={**self.said.criteria, name: opinion})
        return "taken"

    def _level(self, row: Row) -> str:
        text = _read(row, "C")
        if text in {option.id for option in self.levels}:
            return text
        found = Words.chosen(self.words, self.levels, text)
        if found is None:
            raise _Refused("C", _CHOICE, typed=text[:60])
        return found

    def _refuse_points(self, criterion: Criterion, opinion: Opinion) -> None:
        if opinion.points and not criterion.range:
            raise _Refused("D", _NO_RANGE)
        if opinion.points and opinion.level is None:
            raise _Refused("C", _NO_LEVEL)
        try:
            content.score_of(self.subject.rubric, criterion, opinion)
        except (rubrics.BadScore, formats.UnreadableNumber, content.OutOfLevel) as error:
            raise _Refused("D", _POINTS) from error

    def _judgement(self, name: str, base: str, row: Row) -> Fate:
        if not any(str(note.id) == name for note in self.subject.earlier):
            raise _Refused("B", _GONE)
        key = int(name)
        typed = self._choice(row, self.words.judgements)
        now = self.said.earlier.get(key, "")
        if not self._differs(base, (typed,), (now,), lambda each: _label(self.words.judgements, each[0])):
            return "same"
        judged = {each: said for each, said in self.said.earlier.items() if each != key}
        if typed:
            judged[key] = "settled" if typed == "settled" else "open"
        self.said = msgspec.structs.replace(self.said, earlier=judged)
        return "taken"

    def _general(self, base: str, row: Row) -> Fate:
        typed = self._text(row)
        if not self._differs(base, (typed,), (self.said.summary,), lambda each: each[0]):
            return "same"
        self.said = msgspec.structs.replace(self.said, summary=typed)
        return "taken"

    def _note(self, base: str, row: Row) -> Fate:
        text = self._text(row)
        section_id = self._section(row) if text else ""
        typed = (section_id, self._kind(row), text)
        if identity.digest(typed) == base or (text and self._stands_besides(typed)):
            return "same"
        place = next(
            (
                (section, at)
                for section, review in self.said.sections.items()
                for at, note in enumerate(review.notes)
                if identity.digest(note_values(section, note)) == base
            ),
            None,
        )
        if place is None:  # changed or taken out online
            if not text:
                return "same"
            raise _Differs(self._note_said(typed), "")
        section, at = place
        review = self.said.section(section)
        before = review.notes[at]
        left = (*review.notes[:at], *review.notes[at + 1 :])
        if text and section == section_id:
            note = with_values(typed[1], text, before)
            left = (*review.notes[:at], note, *review.notes[at + 1 :])
        elif text:
            self._add(section_id, with_values(typed[1], text, None))
        self._put(section, msgspec.structs.replace(review, notes=left))
        return "taken"

    def _new_note(self, row: Row) -> Fate | None:
        text = self._text(row)
        if not text:
            return None  # an empty row, whatever was chosen in it
        typed = (self._section(row), self._kind(row), text)
        if self._stands(typed):
            return "same"
        self._add(typed[0], with_values(typed[1], text, None))
        return "taken"

    def _stands(self, values: Values) -> bool:
        """Whether the note is there already."""
        return self._standing(values) > 0

    def _stands_besides(self, values: Values) -> bool:
        """Whether it is there already, beside those that rows of their own went out with."""
        return self._standing(values) > self.bases[identity.digest(values)]

    def _standing(self, values: Values) -> int:
        return sum(note_values(values[0], note) == values for note in self.said.section(values[0]).notes)

    def _add(self, section_id: str, note: Note) -> None:
        review = self.said.section(section_id)
        if len(review.notes) >= NOTES_AT_MOST:
            raise _Refused("B", _MANY, limit=NOTES_AT_MOST)
        self._put(section_id, msgspec.structs.replace(review, notes=(*review.notes, note)))

    def _put(self, section_id: str, review: SectionReview) -> None:
        self.said = msgspec.structs.replace(self.said, sections={**self.said.sections, section_id: review})

    # Cells

    def _choice(self, row: Row, options: Sequence[Option]) -> str:
        text = _read(row, "C")
        found = self.words.chosen(options, text)
        if found is None:
            raise _Refused("C", _CHOICE, typed=text[:60])
        return found

    def _kind(self, row: Row) -> str:
        return self._choice(row, self.words.kinds) or self.words.kinds[0].id

    def _section(self, row: Row) -> str:
        text = _read(row, "B")
        found = self.words.chosen(self.subject.sections, text)
        if found is None:
            raise _Refused("B", _CHOICE, typed=text[:60])
        if not found:
            raise _Refused("B", _SECTION)
        return found

    def _text(self, row: Row) -> str:
        text = tidy(_read(row, "E"))
        if len(text) > TEXT_AT_MOST:
            raise _Refused("E", _FLAWS["long"], limit=TEXT_AT_MOST)
        return text

    # Both places

    def _differs(self, base: str, typed: Values, now: Values, said: Callable[[Values], str]) -> bool:
        """Whether the row brings something new. Raises _Differs where both places were changed."""
        if typed == now or identity.digest(typed) == base:
            return False
        if identity.digest(now) != base:
            raise _Differs(said(typed), said(now))
        return True

    def _opinion_said(self, values: Values) -> str:
        level, points, comment = values
        return " · ".join(filter(None, (_label(self.levels, level), points, comment)))

    def _note_said(self, values: Values) -> str:
        section_id, kind, text = values
        return " · ".join((_label(self.subject.sections, section_id), _label(self.words.kinds, kind), text))


def _filled(row: Row) -> Iterator[str]:
    """The columns that say something."""
    for letter, cell in zip("CDE", row.cells[1:], strict=True):
        if cell != Cell():
            yield letter


def _read(row: Row, column: str) -> str:
    """A cell's text. Raises _Refused for what is not to be read."""
    cell = row.cells["BCDE".index(column)]
    if cell.flaw:
        raise _Refused(column, _FLAWS[cell.flaw], limit=TEXT_AT_MOST)
    return cell.text.strip()
