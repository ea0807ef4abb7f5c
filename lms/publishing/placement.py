"""Where an imported quiz goes in a course folder, and how it gets there without touching what stands there already."""

import re
from collections.abc import Mapping
from pathlib import Path

from lms.courses.source import is_stable_id, stable_id
from lms.publishing.folder import FILES, MAX_ASSET
from lms.quizzes.exchange.composition import Imported
from lms.quizzes.exchange.pictures import FOLDER
from lms.quizzes.exchange.registry import id_for
from lms.quizzes.source import Quiz, parse
from lms.refusals import Refused

_MODULE = re.compile(r"\d{1,3}-[a-z0-9-]+")
_NUMBER = re.compile(r"\d{1,3}")
_ID = re.compile(r"^id:\s*[\"']?([a-z0-9-]+)", re.MULTILINE)


def path_for(course: Path, *, module: str, quiz_id: str, name: str) -> str:
    """The path that a new quiz gets, relative to the course: the next number of the module, then the id.

    `quiz_id` is made of the file's `name` when empty; `module` may be left empty in a course of one module. Raises
    Refused for a module that is not there and for an id that is taken.
    """
    modules = sorted(each.name for each in course.iterdir() if each.is_dir() and _MODULE.fullmatch(each.name))
    if not module and len(modules) == 1:
        module = modules[0]
    if module not in modules:
        raise Refused("Pilih modul yang ada: %(modules)s.", modules=", ".join(modules) or "-")
    quiz_id = quiz_id or id_for(name)
    if not is_stable_id(quiz_id):
        raise Refused(
            "Id kuis hanya boleh berisi huruf kecil, angka, dan tanda hubung, misalnya %(name)s.",
            name="kuis-awal",
        )
    if quiz_id in _ids(course, modules):
        raise Refused("Id %(id)s sudah dipakai di pelatihan ini. Pilih id lain.", id=quiz_id)
    numbers = [int(found[0]) for each in (course / module).iterdir() if (found := _NUMBER.match(each.name))]
    return f"{module}/{max(numbers, default=0) + 1:02}-{quiz_id}.md"


def _ids(course: Path, modules: list[str]) -> frozenset[str]:
    found: set[str] = set()
    for module in modules:
        for page in (course / module).glob("*.md"):
            head = page.read_text(encoding="utf-8", errors="replace")[:4000].split("\n---", 1)[0]
            written = _ID.search(head)
            found.add(written[1] if written else stable_id(page.name))
    return frozenset(found)


def files_of(course: Path) -> dict[str, bytes]:
    """The files of a course by name."""
    folder = course / FILES
    if not folder.is_dir():
        return {}
    plain = [each for each in sorted(folder.iterdir()) if each.is_file() and not each.is_symlink()]
    return {each.name: each.read_bytes() for each in plain if each.stat().st_size <= MAX_ASSET}


def placed(course: Path, path: str, imported: Imported) -> list[str]:
    """Write a quiz and its files; returns the paths written. Raises Refused rather than overwrite anything."""
    contents = {f"{FILES}/{name}": content for name, content in sorted(imported.files.items())}
    held = files_of(course)
    new = {
        each: content
        for each, content in contents.items()
        if held.get(each.removeprefix(f"{FILES}/")) != content
    }
    new[path] = imported.markdown.encode()
    for each in new:
        if (course / each).exists() or (course / each).is_symlink():
            raise Refused("Berkas %(path)s sudah ada dan tidak ditimpa.", path=each)
    for each, content in new.items():
        place = course / each
        place.parent.mkdir(exist_ok=True)
        with place.open("xb") as out:
            out.write(content)
    return list(new)


def quiz_in(course: Path, wanted: str) -> tuple[Quiz, Mapping[str, bytes]]:
    """A quiz of a course folder by id, file name or path, with the files that it can show, by their targets.

    Raises Refused where there is no such quiz, or one that cannot be read.
    """
    for page in sorted(course.glob("*/*.md")):
        path = page.relative_to(course).as_posix()
        text = page.read_text(encoding="utf-8", errors="replace")
        head = text.split("\n---", 1)[0]
        written = _ID.search(head)
        names = {written[1] if written else stable_id(page.name), page.name, path}
        if wanted not in names or not re.search(r"^kind:\s*[\"']?quiz\b", head, re.MULTILINE):
            continue
        quiz, problems = parse(text, path)
        if quiz is None:
            raise Refused("Kuis itu belum dapat dibaca: %(problem)s", problem=str(min(problems)))
        return quiz, {f"{FOLDER}{name}": content for name, content in files_of(course).items()}
    raise Refused("Tidak ada kuis %(name)s di pelatihan itu.", name=wanted)
