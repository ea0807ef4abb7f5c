"""A content folder, read whole: the draft of a course version, or every problem with file and line."""

import difflib
import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from lms import rubric as rubrics
from lms.addresses import Link
from lms.courses.source import (
    ID_RULE,
    Course,
    CourseMatter,
    Lesson,
    Links,
    Module,
    ModuleMatter,
    is_stable_id,
    parse_course,
    parse_lesson,
    parse_module,
    stable_id,
)
from lms.frontmatter import BadMatter, Matter, load_yaml, split
from lms.problems import Problem
from lms.projects import source as projects
from lms.projects.source import Project
from lms.publishing.folder import FILES, Asset, Folder
from lms.publishing.targets import Target, anchors, is_anchor, targets
from lms.quizzes import source as quizzes
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.source import Quiz
from lms.rubric import Rubric

ASSETS_AT = "berkas"
"""Where a version's files are served, next to its items; therefore no item's id."""

KINDS = ("lesson", "quiz", "project")

_ESSAY = re.compile(r" {0,3}##\s.*\{[^{}]*\brubric=([^\s{}]+)[^{}]*\}\s*\Z")

Definition = Lesson | Quiz | Project | Rubric


class DraftItem(msgspec.Struct, frozen=True):
    """An item ready to be stored.

    `module` and `position` count from 1, `position` through the whole course. `source` is the Markdown below
    the front matter (of a rubric, its whole YAML); it begins at `line` of `file`. `definition` is JSON.
    """

    id: str
    kind: str
    module: int
    position: int
    title: str
    minutes: int
    file: str
    line: int
    source: str
    definition: bytes
    links: Links = ()


class Draft(msgspec.Struct, frozen=True):
    """A course version ready to be stored; `content_hash` is SHA-256, in hexadecimal, of all of it."""

    slug: str
    course: Course
    items: tuple[DraftItem, ...]
    assets: tuple[Asset, ...]
    content_hash: str


def read_folder(path: Path, *, slug: str | None = None) -> tuple[Draft | None, list[Problem]]:
    """Read a content folder; without a draft there is at least one problem, and all of them are found.

    The course is named by `slug`, else by the folder.
    """
    reader = _Reader(Folder(path), slug or path.resolve().name)
    draft = reader.draft()
    problems = sorted(set(reader.problems))
    return (None if problems else draft), problems


class _Page(msgspec.Struct):
    """A text of a module while the course is being put together."""

    file: str
    kind: str
    id: str
    module: int
    text: str
    values: dict[str, Any]
    lines: dict[str, int]
    body: str
    line: int
    definition: Definition | None = None
    links: Links = ()

    @property
    def requires(self) -> list[str]:
        """The ids to complete first, as far as they are written as such."""
        written = self.values.get("requires")
        return [each for each in written if isinstance(each, str)] if isinstance(written, list) else []

    @property
    def rubrics(self) -> list[tuple[str, int]]:
        """The rubrics that a project or the essays of a quiz name, by id or file, each with its line."""
        if self.kind == "project":
            written = self.values.get("rubric")
            return [(_rubric_name(written), self.lines.get("rubric", 1))] if isinstance(written, str) else []
        if self.kind != "quiz":
            return []
        lines = enumerate(self.body.split("\n"), start=self.line)
        found = [(_rubric_name(match[1]), line) for line, text in lines if (match := _ESSAY.match(text))]
        if isinstance(self.definition, Quiz):
            used = {each.rubric for each in self.definition.questions if isinstance(each, Essay)}
            found = [(name, line) for name, line in found if name in used]
        return found


class _Reader:
    def __init__(self, folder: Folder, slug: str) -> None:
        self.folder = folder
        self.slug = slug
        self.problems = list(folder.problems)
        self.modules: list[Module] = []
        self.pages: list[_Page] = []
        self.by_id: dict[str, _Page] = {}

    def problem(self, file: str, line: int, message: str) -> None:
        self.problems.append(Problem(file, line, message))

    def draft(self) -> Draft | None:
        if not is_stable_id(self.slug):
            self.problem(
                "course.yml", 1, f"Nama folder `{self.slug[:60]}` tidak dapat menjadi alamat. {ID_RULE}"
            )
        matter = self.course()
        for number, name in enumerate(self.folder.modules, start=1):
            self.module(number, name)
        if not self.folder.modules:
            self.problem(
                "course.yml", 1, "Pelatihan belum memiliki modul; buat folder, misalnya `01-kerangka`."
            )
        self.identify()
        self.check_requires()
        self.check_rubrics()
        self.check_pretests()
        reading = {page.file: anchors(page.body) for page in self.pages if page.kind in ("lesson", "project")}
        for page in self.pages:
            page.links = self.links(page, reading)
        if self.problems or matter is None:
            return None
        return Draft(
            slug=self.slug,
            course=Course(**msgspec.structs.asdict(matter), modules=tuple(self.modules)),
            items=tuple(_item(page, position) for position, page in enumerate(self.pages, start=1)),
            assets=tuple(self.folder.assets.values()),
            content_hash=content_hash(self.folder.texts, self.folder.assets.values()),
        )

    # --- course and modules

    def course(self) -> CourseMatter | None:
        text = self.folder.texts.get("course.yml")
        if text is None:
            if "course.yml" not in self.folder.unreadable:
                self.problem(
                    "course.yml", 1, "Berkas ini belum ada; buat dengan `title`, `summary`, dan `jp`."
                )
            return None
        matter, problems = parse_course(text, "course.yml")
        self.problems += problems
        return matter

    def module(self, number: int, name: str) -> None:
        file = f"{name}/module.yml"
        text = self.folder.texts.get(file)
        matter: ModuleMatter | None = None
        if text is not None:
            matter, problems = parse_module(text, file)
            self.problems += problems
        elif file not in self.folder.unreadable:
            self.problem(file, 1, "Berkas ini belum ada; buat dengan `title` dan `summary` modul.")
        if matter is not None:
            self.modules.append(Module(**msgspec.structs.asdict(matter), number=number, folder=name))
        inside = [path for path in self.folder.texts if path.startswith(f"{name}/") and path != file]
        for path in [each for each in inside if each.endswith(".md")] + [
            each for each in inside if each.endswith(".yml")
        ]:
            self.page(number, path)
        broken = any(path.startswith(f"{name}/") and path.endswith(".md") for path in self.folder.unreadable)
        if not broken and not any(path.endswith(".md") for path in inside):
            self.problem(
                file, 1, "Modul ini belum berisi materi; tulis, misalnya, `01-pengantar.md`, atau hapus."
            )

    def page(self, module: int, file: str) -> None:
        text = self.folder.texts[file]
        rubric = file.endswith(".yml")
        broken = False
        try:
            matter = load_yaml(text) if rubric else split(text)
        except BadMatter as error:
            self.problems += error.problems(file)
            broken = True
            # Its address stands all the same: what leads to it is not called dead as well.
            own = re.search(r"^id:[ \t]*([a-z0-9-]+)[ \t]*$", text, re.MULTILINE)
            matter = Matter({"id": own[1]} if own else {}, {}, "", 1)
        kind = "rubric" if rubric else "" if broken else str(matter.values.get("kind", "lesson"))
        given = matter.values.get("id")
        page = _Page(
            file=file,
            kind=kind,
            id=given if isinstance(given, str) else stable_id(file),
            module=module,
            text=text,
            values=matter.values,
            lines=matter.lines,
            body=text if rubric else matter.body,
            line=1 if rubric else matter.body_line,
        )
        self.pages.append(page)
        if broken:
            return
        if rubric or kind in KINDS:
            page.definition, problems = _parse(page)
            self.problems += problems
        else:
            close = difflib.get_close_matches(kind, KINDS, 1)
            hint = f"Maksudnya `{close[0]}`?" if close else f"Yang dikenal: {', '.join(KINDS)}."
            self.problem(file, matter.lines["kind"], f"Jenis `{kind[:40]}` tidak dikenal. {hint}")

    # --- what only the whole can tell

    def identify(self) -> None:
        for page in self.pages:
            line = page.lines.get("id", 1)
            if not is_stable_id(page.id):
                self.problem(page.file, line, f"Id `{page.id[:60]}` tidak dapat dipakai. {ID_RULE}")
            elif page.id == ASSETS_AT:
                self.problem(page.file, line, f"Id `{ASSETS_AT}` sudah dipakai sistem; pakai id lain.")
            elif page.id in self.by_id:
                other = self.by_id[page.id].file
                self.problem(page.file, line, f"Id `{page.id}` sudah dipakai oleh `{other}`; beri `id` lain.")
            else:
                self.by_id[page.id] = page

    def check_requires(self) -> None:
        known = [name for name, page in self.by_id.items() if page.kind != "rubric"]
        known += [stable_id(path) for path in self.folder.unreadable if path.endswith(".md")]
        for page in self.pages:
            for index, name in enumerate(page.requires):
                line = page.lines.get(f"requires.{index}", 1)
                if name == page.id:
                    self.problem(
                        page.file, line, "Materi ini mensyaratkan dirinya sendiri; hapus dari `requires`."
                    )
                elif name not in known:
                    self.problem(page.file, line, f"Syarat `{name[:60]}` tidak ada. {_hint(name, known)}")
        for cycle in self.cycles():
            page = self.by_id[cycle[0]]
            line = page.lines.get("requires", 1)
            way = " → ".join([*cycle, cycle[0]])
            self.problem(page.file, line, f"Syarat saling mengunci: {way}. Hapus salah satu dari `requires`.")

    def cycles(self) -> Iterator[list[str]]:
        """Each ring of requirements once, beginning with the item that stands first in the course."""
        order = list(self.by_id)
        done: set[str] = set()
        for first in order:
            path: list[str] = []
            waiting: list[Iterator[str]] = [iter([first])]
            while waiting:
                name = next(waiting[-1], None)
                if name is None:
                    waiting.pop()
                    if path:
                        done.add(path.pop())
                elif name in path:
                    ring = path[path.index(name) :]
                    if len(ring) > 1:
                        start = min(range(len(ring)), key=lambda at: order.index(ring[at]))
                        yield ring[start:] + ring[:start]
                elif name not in done and name in self.by_id:
                    path.append(name)
                    waiting.append(iter(self.by_id[name].requires))

    def check_pretests(self) -> None:
        """A test before is another quiz of this course that stands before the test after; so no two name each other."""
        order = {page.id: at for at, page in enumerate(self.pages)}
        unread = {stable_id(path) for path in self.folder.unreadable if path.endswith(".md")}
        for page in self.pages:
            name = page.values.get("pretest")
            if page.kind != "quiz" or not isinstance(name, str) or not name or name in unread:
                continue
            line = page.lines.get("pretest", 1)
            other = self.by_id.get(name)
            if other is None or other.kind != "quiz":
                quizzes = [each.id for each in self.pages if each.kind == "quiz" and each.id != page.id]
                self.problem(
                    page.file, line, f"Kuis `{_cut(name)}` pada `pretest` tidak ada. {_hint(name, quizzes)}"
                )
            elif name == page.id:
                self.problem(page.file, line, "Kuis ini tidak dapat menjadi prates dirinya sendiri.")
            elif order[name] > order[page.id]:
                self.problem(
                    page.file,
                    line,
                    f"Prates `{name}` berada sesudah kuis ini; pindahkan sehingga dikerjakan lebih dahulu.",
                )

    def check_rubrics(self) -> None:
        rubrics_here = [page for page in self.pages if page.kind == "rubric"]
        unreadable = {stable_id(path) for path in self.folder.unreadable}
        named: list[_Page] = []
        for page in self.pages:
            meant: dict[str, str] = {}
            for name, line in page.rubrics:
                found = [each for each in rubrics_here if name in (each.id, stable_id(each.file))]
                if found:
                    named.append(found[0])
                    meant[name] = found[0].id
                elif name not in unreadable:
                    hint = _hint(name, [each.id for each in rubrics_here])
                    self.problem(page.file, line, f"Rubrik `{_cut(name)}.yml` tidak ada. {hint}")
            if isinstance(page.definition, Project) and meant:
                page.definition = msgspec.structs.replace(page.definition, rubric=named[-1].id)
                sections = [section.id for section in page.definition.sections]
                self.problems += rubrics.unknown_sections(named[-1].text, named[-1].file, sections)
            elif isinstance(page.definition, Quiz) and meant:
                page.definition = msgspec.structs.replace(
                    page.definition,
                    questions=tuple(
                        msgspec.structs.replace(each, rubric=meant.get(each.rubric, each.rubric))
                        if isinstance(each, Essay)
                        else each
                        for each in page.definition.questions
                    ),
                )
        for page in rubrics_here:
            if page not in named:
                self.problem(
                    page.file,
                    1,
                    "Rubrik ini tidak dipakai; sebut di `rubric:` sebuah proyek "
                    "atau `rubric=` sebuah soal esai, atau hapus.",
                )

    # --- links

    def links(self, page: _Page, reading: Mapping[str, frozenset[str]]) -> Links:
        """Where the page's relative targets lead; a target that leads nowhere is a problem."""
        if page.kind not in KINDS:
            return ()
        found = list(targets(page.body, page.text, page.line))
        if isinstance(page.definition, Project):
            for section in page.definition.sections:
                found += targets(section.guide, page.text)
        links: dict[str, Link] = {}
        for target in found:
            if not target.base:
                if page.file in reading and target.anchor:
                    self.check_anchor(page, target, reading[page.file], page.file)
                continue
            link = self.follow(page, target, reading)
            if link is not None:
                links[target.base] = link
        return tuple(sorted(links.items()))

    def follow(self, page: _Page, target: Target, reading: Mapping[str, frozenset[str]]) -> Link | None:
        written = unquote(target.base)
        folder = posixpath.dirname(page.file)
        path = posixpath.normpath(posixpath.join(folder, written))
        if written.startswith(f"{FILES}/"):  # from the course's folder, as some write it
            path = posixpath.normpath(written)
        if written.startswith("/") or "\\" in written or path.startswith(".."):
            message = (
                f"Tautan `{_cut(target.base)}` keluar dari folder pelatihan; tulis jalur relatif di dalamnya."
            )
            self.problem(page.file, target.line, message)
            return None
        where, _, name = path.rpartition("/")
        if where == FILES and name in self.folder.assets:
            asset = self.folder.assets[name]
            return Link(f"{ASSETS_AT}/{name}", asset.width or None, asset.height or None)
        other = next((each for each in self.pages if each.file == path and each.kind != "rubric"), None)
        if other is not None:
            if target.anchor and other.file in reading:
                self.check_anchor(page, target, reading[other.file], other.file)
            return Link(other.id)
        if path not in self.folder.unreadable:
            choices = [f"{FILES}/{each}" for each in self.folder.assets]
            choices += [each.file for each in self.pages if each.kind != "rubric"]
            close = difflib.get_close_matches(path, choices, 1)
            hint = (
                f"Maksudnya `{posixpath.relpath(close[0], folder)}`?"
                if close
                else "Periksa nama dan foldernya."
            )
            self.problem(
                page.file, target.line, f"Tautan `{_cut(target.base)}` tidak menuju berkas mana pun. {hint}"
            )
        return None

    def check_anchor(self, page: _Page, target: Target, known: frozenset[str], file: str) -> None:
        if not is_anchor(target.anchor, known):
            close = difflib.get_close_matches(target.anchor, sorted(known), 1)
            hint = f"Maksudnya `#{close[0]}`?" if close else "Tulis judul yang ada di sana."
            message = f"Tidak ada judul `#{_cut(target.anchor)}` di `{file}`. {hint}"
            self.problem(page.file, target.line, message)


def content_hash(texts: Mapping[str, str], assets: Iterable[Asset]) -> str:
    """SHA-256 of paths and contents: the same wherever and whenever they are read, whatever line ends."""
    parts = {path: text.encode() for path, text in texts.items()}
    for asset in assets:
        text = asset.media_type in ("text/csv", "image/svg+xml")
        parts[f"{FILES}/{asset.name}"] = asset.content.replace(b"\r\n", b"\n") if text else asset.content
    digest = hashlib.sha256(b"course 1")
    for path, content in sorted(parts.items()):
        for part in (path.encode(), content):
            digest.update(len(part).to_bytes(8))
            digest.update(part)
    return digest.hexdigest()


def _parse(page: _Page) -> tuple[Definition | None, list[Problem]]:
    if page.kind == "lesson":
        return parse_lesson(page.text, page.file)
    if page.kind == "quiz":
        return quizzes.parse(page.text, page.file)
    if page.kind == "project":
        return projects.parse(page.text, page.file)
    return rubrics.parse(page.text, page.file)


def _item(page: _Page, position: int) -> DraftItem:
    definition = page.definition
    assert definition is not None, page.file
    definition = msgspec.structs.replace(definition, id=page.id)
    if isinstance(definition, Lesson | Quiz | Project):
        definition = msgspec.structs.replace(definition, links=page.links)
    return DraftItem(
        id=page.id,
        kind=page.kind,
        module=page.module,
        position=position,
        title=definition.title,
        minutes=0 if isinstance(definition, Rubric) else definition.minutes,
        file=page.file,
        line=page.line,
        source=page.body,
        definition=msgspec.json.encode(definition),
        links=page.links,
    )


def _rubric_name(written: str) -> str:
    return re.sub(r"\.ya?ml\Z", "", written)


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"Maksudnya `{close[0]}`?"
    return f"Yang ada: {', '.join(names[:12])}." if names else "Belum ada satu pun."


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
