"""What our exports say in comments, where other platforms do not look: `[name:value]`, percent-encoded.

A format has no place for the points of a GIFT question, the ids of options, or a whole quiz's settings; a
file of ours that comes back still brings them.
"""

import re
from decimal import Decimal, InvalidOperation
from urllib.parse import quote, unquote

import msgspec

from lms.courses.source import is_stable_id
from lms.quizzes.exchange.rough import RoughPool, RoughQuestion, RoughQuiz
from lms.quizzes.kinds.choice import Choice
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.matching import Matching
from lms.quizzes.kinds.ordering import Ordering
from lms.quizzes.kinds.question import Question, derived_id
from lms.quizzes.source import Pool, Quiz, QuizMatter

_SETTINGS = msgspec.json.Decoder(dict[str, object])
_NOTE = re.compile(r"\[([a-z]{1,12}):([^\[\]\s]{0,4000})\]")
_WORDS = re.compile(r"\d{0,5}\.\.\d{0,5}")
_RUBRIC = re.compile(r"[A-Za-z0-9._-]{1,120}")


def note(name: str, value: str) -> str:
    """One note; it may stand in a comment of XML and on a line of its own."""
    return f"[{name}:{quote(value, safe=',. +=').replace('--', '%2D%2D').replace(' ', '%20')}]"


def notes(text: str) -> dict[str, str]:
    """The notes of a comment by name; the first of a name counts."""
    found: dict[str, str] = {}
    for name, value in _NOTE.findall(text):
        found.setdefault(name, unquote(value))
    return found


def of_quiz(quiz: Quiz) -> str:
    """The settings of a quiz beyond its title."""
    plain = msgspec.to_builtins(quiz)
    default = msgspec.to_builtins(QuizMatter(title="-", minutes=1))
    names = [field.encode_name for field in msgspec.structs.fields(QuizMatter)]
    kept = {
        name: plain[name] for name in names if name not in ("kind", "id") and plain[name] != default[name]
    }
    kept |= {"title": quiz.title, "minutes": quiz.minutes}
    return note("quiz", msgspec.json.encode(kept).decode())


def of_pool(pool: Pool) -> str:
    """A pool's id and how many are drawn."""
    draw = f" {note('draw', str(pool.draw))}" if pool.draw != len(pool.questions) else ""
    return f"{note('pool', pool.id)}{draw}"


def ids_of(question: Question) -> str:
    """The ids of options, sides or steps, empty where they follow from the text; nothing where all do."""
    texts: list[tuple[str, str]] = []
    match question:
        case Choice():
            texts = [(each.id, each.text) for each in question.options]
        case Matching():
            for pair in question.pairs:
                texts += [(pair.left.id, f"kiri {pair.left.text}")] if pair.left else []
                texts.append((pair.right.id, f"kanan {pair.right.text}"))
        case Ordering():
            texts = [(each.id, each.text) for each in question.steps]
    given = ["" if one == derived_id(question.id, text) else one for one, text in texts]
    return note("ids", ",".join(given)) if any(given) else ""


def of_essay(question: Essay) -> list[str]:
    """An essay's rubric and its bounds of words."""
    written = dict(each.split("=", 1) for each in question.heading_attributes())
    return [note(name, value) for name, value in written.items()]


def read_quiz(text: str, quiz: RoughQuiz) -> None:
    """Take the settings of a quiz from a comment."""
    written = notes(text).get("quiz")
    if written is None:
        return
    try:
        settings = _SETTINGS.decode(written)
    except msgspec.DecodeError:
        quiz.lost.append("catatan pengaturan di dalam komentar berkas tidak dapat dibaca")
        return
    title = settings.pop("title", "")
    quiz.title = title if isinstance(title, str) else ""
    quiz.settings |= settings


def read_question(text: str, question: RoughQuestion) -> None:
    """Take what belongs to a question from its comments; what makes no sense is passed over."""
    found = notes(text)
    question.id = question.id or found.get("id", "")
    if "points" in found:
        question.points = number(found["points"]) or question.points
    if "ids" in found:
        question.ids = found["ids"].split(",")
    if found.get("partial") in ("no", "yes"):
        question.partial = found["partial"] == "yes"
    if "patterns" in found:
        question.patterns = [each for each in found["patterns"].split("\n") if each.strip()]
    if _WORDS.fullmatch(found.get("words", "")):
        question.attributes.append(f"words={found['words']}")
    if _RUBRIC.fullmatch(found.get("rubric", "")):
        question.attributes.append(f"rubric={found['rubric']}")


def read_pool(text: str, pool: RoughPool) -> None:
    """Take a pool's id and draw from its comment."""
    found = notes(text)
    pool.id = found["pool"] if is_stable_id(found.get("pool", "")) else ""
    drawn = found.get("draw", "")
    pool.draw = int(drawn) if re.fullmatch(r"\d{1,3}", drawn) and int(drawn) else None


def number(text: str) -> Decimal | None:
    """A plain number with a decimal point, possibly with an exponent; None for anything else."""
    text = text.strip()
    if not re.fullmatch(r"[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,2})?", text):
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return Decimal(f"{value:f}")


def percentage(count: int) -> str:
    """A hundred percent parted in `count`, as Moodle writes its fractions."""
    share = (Decimal(100) / count).quantize(Decimal("0.00001"))
    return f"{share.normalize():f}"
