"""The house rules: floors and directions of imports, guards, names, templates, translations."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask

from lms.access import TABLE, Deed

ROOT = Path(__file__).parent.parent
LMS = ROOT / "lms"
FEATURES = ("people", "courses", "quizzes", "projects", "grading", "publishing", "records", "notices", "home")
SHELL = {"app", "cli", "demo", "backup", "worker"}
WEB_ROOMS = {"web", "guard"}
STORAGE_ROOMS = {"extensions", "files", "audit", "mail", "paging", "scanner", "settings"}
STORAGE_FILES = {"models"}
ACTION_FILES = {"actions", "jobs"}
WEB_FILES = {"views", "forms"}
BANNED = {"utils", "helpers", "common", "misc", "base", "manager", "service", "util", "helper"}
WEB_LIBRARIES = {"flask", "flask_login", "flask_wtf", "flask_babel", "wtforms", "flask_limiter", "werkzeug"}
STORAGE_LIBRARIES = {
    "sqlalchemy",
    "flask_sqlalchemy",
    "flask_migrate",
    "minio",
    "redis",
    "huey",
    "smtplib",
    "socket",
}


def modules() -> dict[str, Path]:
    """Dotted name (without the ``lms.`` in front) → file."""
    found = {}
    for path in sorted(LMS.rglob("*.py")):
        parts = list(path.relative_to(LMS).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


MODULES = modules()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def floor(name: str) -> int:
    """4 shell, 3 web, 2 actions, 1 storage, 0 pure; from the file names that house the code."""
    parts = name.split(".")
    if parts[0] not in FEATURES:
        if parts[0] in SHELL or name == "":
            return 4
        if parts[0] in WEB_ROOMS:
            return 3
        return 1 if parts[0] in STORAGE_ROOMS else 0
    rest = set(parts[1:])
    if rest & WEB_FILES:
        return 3
    if rest & ACTION_FILES:
        return 2
    if rest & STORAGE_FILES:
        return 1
    # anything else in a feature says by its imports what it is: pure, storage or (never) web
    libraries = {module.split(".")[0] for module in imports(MODULES[name])}
    inner = {module for module in imports(MODULES[name]) if module.startswith("lms.")}
    if libraries & WEB_LIBRARIES:
        return 3
    if libraries & STORAGE_LIBRARIES or "lms.extensions" in inner:
        return 1
    return 0


@cache
def inner_imports(name: str) -> set[str]:
    """The modules of the house that a module imports."""
    return {
        module.removeprefix("lms.")
        for module in imports(MODULES[name])
        if module.startswith("lms.") and module.removeprefix("lms.") in MODULES
    }


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_only_go_down(name: str) -> None:
    own = floor(name)
    for other in inner_imports(name):
        if other in FEATURES:  # a feature's package itself: its docstring only
            continue
        assert floor(other) <= own, f"{name} (floor {own}) imports {other} (floor {floor(other)})"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_features_import_from_right_to_left(name: str) -> None:
    feature = name.split(".")[0]
    if feature not in FEATURES:
        allowed = set(FEATURES) if floor(name) == 4 else set()
        assert {other.split(".")[0] for other in inner_imports(name)} & set(FEATURES) <= allowed
        return
    for other in inner_imports(name):
        if (there := other.split(".")[0]) in FEATURES:
            assert FEATURES.index(there) <= FEATURES.index(feature), f"{name} imports {other}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_actions_and_storage_know_no_flask_and_pure_files_no_database(name: str) -> None:
    libraries = {module.split(".")[0] for module in imports(MODULES[name])}
    if name == "extensions":
        return
    if floor(name) <= 2:
        assert not libraries & WEB_LIBRARIES, f"{name} imports {libraries & WEB_LIBRARIES}"
    if floor(name) == 0:
        assert not libraries & STORAGE_LIBRARIES, f"{name} imports {libraries & STORAGE_LIBRARIES}"


def test_pure_files_load_without_flask() -> None:
    pure = [f"lms.{name}" for name in MODULES if name and floor(name) == 0 and name not in FEATURES]
    code = f"import sys, importlib\nfor n in {pure!r}: importlib.import_module(n)\nassert 'flask' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_pure_files_and_actions_read_no_clock(name: str) -> None:
    if floor(name) in (0, 2):
        source = MODULES[name].read_text()
        assert not re.search(r"datetime\.now\(|utcnow\(|time\.time\(|date\.today\(", source), name


def test_names() -> None:
    for name in MODULES:
        assert not set(name.split(".")) & BANNED, f"{name} has a name that says nothing"


def test_no_function_imports_its_way_around_a_circle() -> None:
    for name, path in MODULES.items():
        tree = tree_of(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in ast.walk(node):
                    assert not isinstance(inner, ast.Import | ast.ImportFrom), (
                        f"{name}.{node.name} imports inside"
                    )


def test_decoders_are_made_while_loading() -> None:
    """Where msgspec meets a type for the first time in two threads at once, the process crashes."""
    for name, path in MODULES.items():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("json.decode"):
                kinds = [each.arg for each in node.keywords]
                assert "type" not in kinds, f"{name}:{node.lineno} decodes without a decoder of its module"


def test_only_markup_makes_html() -> None:
    for name, path in MODULES.items():
        if name.split(".")[0] != "markup":
            assert "bleach" not in imports(path), f"{name} imports bleach"
            text = path.read_text()
            assert not re.search(r"\bMarkup\(", text), f"{name} makes Markup"


def templates() -> list[Path]:
    return sorted((LMS / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", templates(), ids=lambda p: p.relative_to(LMS / "templates").as_posix())
def test_template(path: Path, app: Flask) -> None:
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text), "raw HTML in a template"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text), (
        "inline code or style"
    )
    app.jinja_env.get_template(path.relative_to(LMS / "templates").as_posix())


def test_every_route_carries_a_guard(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert hasattr(app.view_functions[rule.endpoint], "guard"), rule.endpoint


def test_an_app_with_a_bare_route_does_not_start(app: Flask) -> None:
    from lms.app import _refuse_unguarded

    other = Flask("other")
    other.add_url_rule("/bare", "bare", lambda: "open")
    with pytest.raises(RuntimeError, match="bare"):
        _refuse_unguarded(other)


def test_late_views_say_where_they_begin_to_write(app: Flask) -> None:
    late = [view for view in app.view_functions.values() if view.guard.late]
    assert late
    for view in late:
        assert "write_from_here()" in inspect.getsource(inspect.unwrap(view)), f"{view.__name__} never writes"


def test_every_deed_has_a_rule_and_is_asked_for(app: Flask) -> None:
    assert set(TABLE) == set(Deed)
    asked = {view.guard.deed for view in app.view_functions.values() if view.guard.deed}
    text = "".join(path.read_text() for path in [*MODULES.values(), *templates()])
    for deed in Deed:
        assert deed in asked or text.count(f"Deed.{deed.name}") > 1 or f"can('{deed.value}'" in text, deed


def test_writing_routes_take_no_get_and_reading_routes_write_nothing_by_name(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        methods = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
        assert methods <= {"GET", "POST"}, f"{rule.endpoint} takes {methods}"


def test_static_files_are_small_and_our_own() -> None:
    for path in (LMS / "static").rglob("*"):
        if path.is_file():
            assert path.stat().st_size < 40_000, path.name
            assert not re.search(rb"https?://(?!www\.w3\.org/)", path.read_bytes()), (
                f"{path.name} names another site"
            )


def test_english_is_complete() -> None:
    """Every sentence in the code has an English translation that keeps its places, and the compiled file is current."""
    catalogue = LMS / "translations/en/LC_MESSAGES/messages.po"
    with catalogue.open("rb") as file:
        english = read_po(file, locale="en")
    extracted = extract()
    missing = sorted(extracted - {message.id for message in english if message.id and message.string})
    assert not missing, f"{len(missing)} without English: {missing[:10]}"
    for message in english:
        if message.id and message.id in extracted:
            places = re.compile(r"%\((\w+)\)[sd]")
            assert set(places.findall(str(message.id))) == set(places.findall(str(message.string))), (
                message.id
            )


@cache
def refusals() -> set[str]:
    """``Refused`` and what is made of it, by class name."""
    made = {"Refused"}
    classes = [
        node
        for path in MODULES.values()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    ]
    while more := {
        each.name
        for each in classes
        if each.name not in made
        and any(isinstance(base, ast.Name) and base.id in made for base in each.bases)
    }:
        made |= more
    return made


def test_every_refusal_is_marked_for_translation() -> None:
    """Whatever sentence a refusal is made with, in place, by a constant's name or by its own class."""
    kinds, extracted = refusals(), extract()
    assert {"Refused", "Closed", "StaleNote"} <= kinds
    for name, path in MODULES.items():
        tree = tree_of(path)
        constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for scope in ast.walk(tree):
            own = isinstance(scope, ast.ClassDef) and scope.name in kinds
            for call in ast.walk(scope) if own or scope is tree else ():
                if not isinstance(call, ast.Call) or not call.args:
                    continue
                called = call.func.id if isinstance(call.func, ast.Name) else ""
                if called in kinds or (own and ast.unparse(call.func) == "super().__init__"):
                    said = call.args[0]
                    if isinstance(said, ast.Name):
                        said = constants.get(said.id, said)
                    texts = [each for each in ast.walk(said) if isinstance(each, ast.Constant)]
                    for text in texts:
                        sentence = isinstance(text.value, str) and " " in text.value
                        assert not sentence or text.value in extracted, f"{name}: {text.value}"


@cache
def extract() -> frozenset[str]:
    """The sentences that the code marks for translation."""
    from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

    refusals = (
        "Refused",
        "FileRefused",
        "RefusedField",
        "Unreadable",
        "Locked",
        "NotReady",
        "Incomplete",
        "TooLong",
    )
    marks = ("_l", "lazy_gettext", "N_", *refusals)
    keywords = {**DEFAULT_KEYWORDS, **dict.fromkeys(marks)}
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options = {
        "templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "extensions": "jinja2.ext.do"},
    }
    return frozenset(
        str(message)
        for _, _, message, _, _ in extract_from_dir(LMS, methods, options, keywords)
        if isinstance(message, str) and message
    )


def test_the_compiled_english_is_current() -> None:
    from babel.messages.mofile import read_mo

    folder = LMS / "translations/en/LC_MESSAGES"
    with (folder / "messages.po").open("rb") as po, (folder / "messages.mo").open("rb") as mo:
        written = {m.id: m.string for m in read_po(po, locale="en") if m.id and m.string}
        compiled = {m.id: m.string for m in read_mo(mo) if m.id}
    assert written == compiled, "run `make translate`"


def test_top_level_is_what_the_card_allows() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in listed.splitlines()}
    allowed = {
        *("lms", "content", "migrations", "tests", "wsgi.py", "requirements.txt", "README.md"),
        *("Makefile", "pyproject.toml", ".ci", ".gitignore", "LICENSE"),
    }
    assert top <= allowed, top - allowed
