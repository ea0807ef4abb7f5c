"""Front matter and YAML files, read strictly: one way to write a thing, and every mistake at its line.

Only the scalars of YAML 1.2's core schema are typed, and only plainly written ones: `true`/`false`,
`null`/`~`, whole numbers and decimals (as `Decimal`). Dates, `yes`/`no`, `1:30`, `0x1f` and `1e5` stay text.
"""

import difflib
import enum
import re
import threading
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeVar, Union

import msgspec
import yaml

from lms.problems import Problem

MAX_YAML = 64_000
"""Characters of YAML in one file; a whole project definition needs less than a tenth."""

MAX_DEPTH = 12
"""Levels of nesting; a check in a project's section stands five deep."""

T = TypeVar("T")


class BadMatter(ValueError):
    """YAML that cannot be accepted.

    `line` and `message` are those of the first mistake; `found` holds them all as (line, message), by line.
    """

    def __init__(self, line: int, message: str, found: "list[tuple[int, str]] | None" = None) -> None:
        self.found = tuple(sorted(found or [(line, message)]))
        self.line, self.message = self.found[0]
        super().__init__(f"{self.line}: {self.message}")

    def problems(self, file: str) -> list[Problem]:
        """Every mistake as a problem of `file`."""
        return [Problem(file, line, message) for line, message in self.found]


class Matter(msgspec.Struct, frozen=True):
    """A file taken apart.

    `values` has text keys only. `lines` maps dotted paths (`title`, `sections.0.columns.2.id`) to lines of
    the file. `body` is what follows the front matter, its line ends all `\\n`; it begins at `body_line`.
    """

    values: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int


def unified(text: str) -> str:
    """The text without a byte order mark and with `\\n` as its only line end."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def split(text: str) -> Matter:
    """Separate front matter from the body of a Markdown file; raises `BadMatter`."""
    lines = unified(text).split("\n")
    if lines[0].rstrip() != "---":
        raise BadMatter(
            1, "Berkas harus diawali keterangan YAML di antara dua baris `---`, misalnya `title: Judul`."
        )
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            values, where = _read("\n".join(lines[1:number]), first_line=2)
            return Matter(values, where, "\n".join(lines[number + 1 :]), number + 2)
    raise BadMatter(1, "Keterangan YAML di awal berkas belum ditutup; tambahkan baris `---` sesudahnya.")


def load_yaml(text: str) -> Matter:
    """Read a whole `.yml` file, which must be a mapping; `body` is empty; raises `BadMatter`."""
    whole = unified(text)
    values, where = _read(whole, first_line=1)
    return Matter(values, where, "", whole.count("\n") + 1)


def decode(values: dict[str, Any], lines: dict[str, int], kind: type[T]) -> T:
    """Turn values into a Struct; raises `BadMatter` with every unknown key, missing key and wrong value."""
    found = [(_line_of(path, lines), message) for path, message in _mistakes(values, kind, "")]
    if found:
        raise BadMatter(0, "", found)
    try:
        return _convert(values, kind)
    except msgspec.ValidationError as error:  # a rule of the Struct as a whole, in its __post_init__
        message, _, path = str(error).partition(" - at `$")
        dotted = re.sub(r"\[(\d+)\]", r".\1", path.rstrip("`")).lstrip(".")
        raise BadMatter(_line_of(dotted, lines), message) from None


# --- YAML text to values ------------------------------------------------------------------------------------

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[-+]?[0-9]{0,18}\.[0-9]{1,18}")
_PLAIN = {"true": True, "false": False, "null": None, "~": None, "": None}
_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What PyYAML says, and what an author can do about it.
_YAML_ADVICE = (
    ("mapping values are not allowed", "Nilai yang memuat titik dua harus diapit tanda kutip."),
    (
        "cannot start any token",
        "Pakai spasi, bukan tab, dan apit nilai yang diawali tanda khusus dengan tanda kutip.",
    ),
    ("could not find expected ':'", "Setiap baris harus berbentuk `kunci: nilai`."),
    ("but found '<block mapping start>'", "Periksa spasi di awal baris: kunci yang setingkat harus sejajar."),
    ("expected <block end>", "Periksa spasi di awal baris: kunci yang setingkat harus sejajar."),
    ("while scanning a quoted scalar", "Tanda kutip belum ditutup."),
    ("found unexpected end of stream", "Tanda kutip atau kurung belum ditutup."),
    ("expected ',' or", "Kurung `[...]` atau `{...}` belum ditutup, atau tanda koma kurang."),
)


def _read(text: str, first_line: int) -> tuple[dict[str, Any], dict[str, int]]:
    if len(text) > MAX_YAML:
        raise BadMatter(first_line, f"Keterangan YAML terlalu panjang; paling banyak {MAX_YAML} karakter.")
    if odd := _UNPRINTABLE.search(text):
        line = first_line + text.count("\n", 0, odd.start())
        raise BadMatter(
            line, f"Ada karakter yang tidak dapat dicetak (U+{ord(odd.group()):04X}); hapus karakter itu."
        )
    reader = _Reader(text, first_line)
    try:
        values = reader.document()
    except yaml.MarkedYAMLError as error:
        # What was left open is best mended where it was opened; anything else where the reader stumbled.
        opened = error.context is not None and ("scanning" in error.context or "flow" in error.context)
        mark = (opened and error.context_mark) or error.problem_mark or error.context_mark
        said = f"{error.context or ''} {error.problem or ''}"
        advice = next((tip for part, tip in _YAML_ADVICE if part in said), "Periksa penulisan baris ini.")
        line = first_line + (mark.line if mark else 0)
        reader.found.append((line, f"YAML tidak dapat dibaca. {advice}"))
        values = {}
    if reader.found:
        raise BadMatter(0, "", reader.found)
    return values, reader.lines


class _Reader:
    """Builds plain values from PyYAML's events, noting the line of each path and every refused feature."""

    def __init__(self, text: str, first_line: int) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.first_line = first_line
        self.lines: dict[str, int] = {}
        self.found: list[tuple[int, str]] = []

    def document(self) -> dict[str, Any]:
        values: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.complain(event, "Hanya boleh ada satu dokumen YAML; hapus baris `---` di tengah.")
                    return {}
                values = self.value(next(self.events), "", 0)
                if values is not None and not isinstance(values, dict):
                    self.complain(event, "Keterangan harus berupa pasangan `kunci: nilai`.")
        return values if isinstance(values, dict) else {}

    def complain(self, event: yaml.Event, message: str) -> None:
        self.found.append((self.line(event), message))

    def line(self, event: yaml.Event) -> int:
        return self.first_line + (event.start_mark.line if event.start_mark else 0)

    def value(self, event: yaml.Event, path: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise BadMatter(
                self.line(event), f"YAML bersarang terlalu dalam; paling banyak {MAX_DEPTH} tingkat."
            )
        name = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            self.complain(event, f"Rujukan `*{name}` tidak didukung; tulis nilainya di sini.")
            return None
        if name is not None:
            self.complain(event, f"Jangkar `&{name}` tidak didukung; hapus.")
        if getattr(event, "tag", None) is not None:
            self.complain(
                event, "Penanda jenis `!` tidak didukung; hapus, atau apit nilainya dengan tanda kutip."
            )
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, depth)
        return _scalar(event)

    def mapping(self, path: str, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.complain(event, "Kunci harus berupa kata, bukan daftar atau rujukan.")
            key = str(getattr(event, "value", ""))
            inner = f"{path}.{key}" if path else key
            if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
                self.complain(event, f"Jangkar atau penanda jenis pada kunci `{key}` tidak didukung; hapus.")
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self.value(event, inner, depth + 1)
            elif key in values:
                first = self.lines[inner]
                self.complain(
                    event, f"Kunci `{key}` ditulis dua kali (pertama di baris {first}); hapus salah satu."
                )
            self.lines.setdefault(inner, self.line(event))
            values[key] = self.value(next(self.events), inner, depth + 1)
        return values

    def sequence(self, path: str, depth: int) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            inner = f"{path}.{len(values)}"
            self.lines[inner] = self.line(event)
            values.append(self.value(event, inner, depth + 1))
        return values


def _scalar(event: yaml.Event) -> Any:
    text = str(getattr(event, "value", ""))
    if getattr(event, "style", None) is not None:  # quoted or a block: always text
        return text
    if text in _PLAIN:
        return _PLAIN[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    return text


# --- values to Structs --------------------------------------------------------------------------------------


# What msgspec knows of a type comes with the first use of it; two threads at that moment would crash the process.
_CONVERTING = threading.Lock()


def _convert(value: Any, kind: Any) -> Any:
    with _CONVERTING:
        return msgspec.convert(value, kind, str_keys=True)


def _line_of(path: str, lines: dict[str, int]) -> int:
    """The line of the path, or of the nearest thing around it (a missing key has no line of its own)."""
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path, 1)


def _mistakes(value: Any, kind: Any, path: str) -> list[tuple[str, str]]:
    """Every (path, message) that keeps the value from being of this kind."""
    structs = _structs(kind)
    if structs and isinstance(value, dict):
        tag = structs[0].__struct_config__.tag_field
        for struct in structs:
            if tag is None or value.get(tag) == struct.__struct_config__.tag:
                return _struct_mistakes(value, struct, path)
        tags = ", ".join(str(each.__struct_config__.tag) for each in structs)
        if tag not in value:
            return [(path, f"Kunci `{tag}` wajib diisi{_inside(path)} dengan salah satu dari {tags}.")]
        wrong = _shown(value[tag])
        return [(_join(path, str(tag)), f"Nilai `{tag}` harus salah satu dari {tags}; tertulis `{wrong}`.")]
    if found := _inner_mistakes(value, kind, path):
        return found
    try:
        _convert(value, kind)
    except msgspec.ValidationError as error:
        return [(path, _in_words(str(error), value, kind, path))]
    return []


def _inner_mistakes(value: Any, kind: Any, path: str) -> list[tuple[str, str]]:
    """The mistakes of what a list or a mapping of one kind of thing holds."""
    bare = _bare(kind)
    inner = [each for each in typing.get_args(bare) if each is not Ellipsis]
    origin = typing.get_origin(bare)
    if origin in (tuple, list) and len(inner) == 1 and isinstance(value, list):
        pairs = [(str(index), each) for index, each in enumerate(value)]
    elif origin is dict and isinstance(value, dict):
        pairs = list(value.items())
    else:
        return []
    return [mistake for key, each in pairs for mistake in _mistakes(each, inner[-1], _join(path, key))]


def _struct_mistakes(value: dict[str, Any], struct: Any, path: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    tag = struct.__struct_config__.tag_field
    known = [*([tag] if tag else []), *fields]
    for key in value:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f"Maksudnya `{close[0]}`?" if close else f"Yang dikenal: {', '.join(known)}."
            found.append((_join(path, key), f"Kunci `{key}` tidak dikenal. {hint}"))
    for name, field in fields.items():
        if name in value:
            found += _mistakes(value[name], field.type, _join(path, name))
        elif field.required:
            found.append((path, f"Kunci `{name}` wajib diisi{_inside(path)}."))
    return found


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _inside(path: str) -> str:
    names = [part for part in path.split(".") if part and not part.isdigit()]
    return f" di dalam `{names[-1]}`" if names else ""


def _bare(kind: Any) -> Any:
    """The kind without Annotated and without `| None`."""
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) in (Union, types.UnionType):
        some = [each for each in typing.get_args(kind) if each is not type(None)]
        if len(some) == 1:
            return _bare(some[0])
    return kind


def _structs(kind: Any) -> list[Any]:
    """The Struct classes that a mapping may become: one, or those of a tagged union."""
    bare = _bare(kind)
    choices = typing.get_args(bare) if typing.get_origin(bare) in (Union, types.UnionType) else (bare,)
    return [each for each in choices if isinstance(each, type) and issubclass(each, msgspec.Struct)]


_KINDS = {
    "str": "teks (apit dengan tanda kutip bila berupa angka)",
    "int": "bilangan bulat",
    "float": "bilangan",
    "decimal": "bilangan",
    "bool": "`true` atau `false`",
    "array": "daftar, misalnya `[a, b]`",
    "object": "pasangan `kunci: nilai`",
    "date": "tanggal, misalnya 2026-11-24",
    "null": "kosong",
}
_EXPECTED = re.compile(
    r"Expected `(.+?)`(?:, got| of length (>=|<=|=|==) (\d+)| (>=|<=|>|<) ([-\d.]+)| matching regex|$)"
)
_BOUND = {
    ">=": "paling sedikit",
    "<=": "paling banyak",
    ">": "lebih dari",
    "<": "kurang dari",
    "=": "tepat",
    "==": "tepat",
}


def _in_words(message: str, value: Any, kind: Any, path: str) -> str:
    """msgspec's message in Indonesian, with what would be right."""
    names = [part for part in path.split(".") if part and not part.isdigit()]
    name = f"`{names[-1]}`" if names else "Keterangan"
    said, _, _ = message.partition(" - at `")
    choices = _choices(kind)
    if choices:
        return f"Nilai {name} harus salah satu dari {', '.join(choices)}; tertulis `{_shown(value)}`."
    if said.startswith("Invalid decimal"):
        return f"Nilai {name} harus berupa bilangan; tertulis `{_shown(value)}`."
    if "encoded date" in said:
        return f"Nilai {name} harus berupa tanggal, misalnya 2026-11-24; tertulis `{_shown(value)}`."
    match = _EXPECTED.match(said)
    if match is None:
        return f"Nilai {name} tidak dapat diterima: {said}"
    expected, length_sign, length, bound_sign, bound = match.groups()
    if length_sign:
        unit = "karakter" if expected == "str" else "butir"
        return f"Panjang {name} harus {_BOUND[length_sign]} {length} {unit}."
    if bound_sign:
        return f"Nilai {name} harus {_BOUND[bound_sign]} {bound}; tertulis `{_shown(value)}`."
    if "matching regex" in said:
        return f"Nilai {name} ditulis dengan bentuk yang salah; tertulis `{_shown(value)}`."
    words = " atau ".join(
        _KINDS.get(each.strip(), each) for each in expected.split("|") if each.strip() != "null"
    )
    return f"Nilai {name} harus berupa {words}; tertulis `{_shown(value)}`."


def _shown(value: Any) -> str:
    text = str(value)
    if value is None or isinstance(value, bool):
        text = "kosong" if value is None else text.lower()
    return text if len(text) <= 40 else text[:39] + "…"


def _choices(kind: Any) -> list[str]:
    """The values that a Literal or an Enum allows; empty for other kinds."""
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        return [str(each.value) for each in bare]
    if typing.get_origin(bare) is typing.Literal:
        return [str(each) for each in typing.get_args(bare)]
    return []
