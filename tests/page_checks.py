"""What every page must keep; run on each response that any test fetches."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse

LABELLED = {"input", "select", "textarea"}
NEEDS_NO_LABEL = {"hidden", "submit", "button", "image", "reset"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[tuple[str, dict[str, str | None]]] = []
        self.in_label: list[str] = []
        self.controls: list[tuple[str, dict[str, str | None], bool, dict[str, str | None] | None]] = []
        self.title = ""
        self.text: dict[int, str] = {}
        self.buttons: list[tuple[dict[str, str | None], list[str]]] = []
        self.links: list[tuple[dict[str, str | None], list[str]]] = []
        self._collecting: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag in LABELLED or tag == "button":
            form = next((a for t, a in reversed(self.stack) if t == "form"), None)
            inside = any(t == "label" for t, _ in self.stack)
            self.controls.append((tag, attributes, inside, form))
        if tag in ("button", "a"):
            words: list[str] = []
            (self.buttons if tag == "button" else self.links).append((attributes, words))
            self._collecting.append(words)
        if tag == "img" or (tag == "svg" and attributes.get("aria-label")):
            for words in self._collecting:
                words.append(attributes.get("alt") or attributes.get("aria-label") or "")
        if tag not in (
            "input",
            "img",
            "br",
            "hr",
            "meta",
            "link",
            "source",
            "col",
            "wbr",
            "path",
            "circle",
            "rect",
        ):
            self.stack.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("button", "a") and self._collecting:
            self._collecting.pop()
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at][0] == tag:
                del self.stack[at:]
                break

    def handle_data(self, data: str) -> None:
        if any(tag == "title" for tag, _ in self.stack) and not any(tag == "svg" for tag, _ in self.stack):
            self.title += data
        for words in self._collecting:
            words.append(data)


def problems(page: str) -> list[str]:
    """Everything wrong with a page, in words."""
    reader = _Reader()
    reader.feed(page)
    found: list[str] = []
    tags = Counter(tag for tag, _ in reader.elements)
    if not page.lower().startswith("<!doctype html>"):
        found.append("no doctype")
    if tags["h1"] != 1:
        found.append(f"{tags['h1']} h1 elements")
    if tags["main"] != 1:
        found.append(f"{tags['main']} main elements")
    if not reader.title.strip() or reader.title.strip().startswith("·"):
        found.append("no title of its own")
    html = next((attributes for tag, attributes in reader.elements if tag == "html"), {})
    if html.get("lang") not in ("id", "en"):
        found.append(f"html lang is {html.get('lang')!r}")
    ids = Counter(str(attributes["id"]) for _, attributes in reader.elements if attributes.get("id"))
    found += [f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1]
    labelled = {str(a["for"]) for t, a in reader.elements if t == "label" and a.get("for")}
    for tag, attributes, inside, form in reader.controls:
        kind = attributes.get("type") or "text"
        if tag == "button" or (tag == "input" and kind in NEEDS_NO_LABEL):
            continue
        named = attributes.get("aria-label") or attributes.get("aria-labelledby")
        if not (inside or named or attributes.get("id") in labelled):
            found.append(f"{tag} {attributes.get('name')!r} has no label")
        if form is not None and not attributes.get("name") and not attributes.get("data-local"):
            found.append(f"{tag} #{attributes.get('id')} in a form has no name")
    for target in labelled - set(ids):
        found.append(f"a label points at #{target}, which is not there")
    for attributes, words in reader.buttons + reader.links:
        if "".join(words).strip() == "" and not attributes.get("aria-label"):
            found.append(f"a button or link has no words: {attributes}")
    for tag, attributes in reader.elements:
        if tag == "img" and "alt" not in attributes:
            found.append(f"img {attributes.get('src')} has no alt")
        if tag == "script" and not attributes.get("src"):
            found.append("a script stands in the page")
        if tag == "style" or "style" in attributes:
            found.append(f"a style stands in the page: {tag} {attributes.get('style', '')}")
        found += [f"{tag} has {name}" for name in attributes if name.startswith("on")]
        for name in ("aria-describedby", "aria-labelledby", "aria-controls"):
            for target in (attributes.get(name) or "").split():
                if target not in ids:
                    found.append(f"{tag} {name} points at #{target}, which is not there")
        if tag == "a" and (attributes.get("href") or "").startswith("#"):
            target = (attributes["href"] or "")[1:]
            if target and target not in ids:
                found.append(f"a link points at #{target}, which is not there")
    for form in [a for t, a in reader.elements if t == "form" and (a.get("method") or "").lower() == "post"]:
        if form_has_token(page, form) is False:
            found.append(f"the form to {form.get('action')} has no csrf token")
    for word in ("{{", "}}", "{%", "None</", ">None<", "undefined"):
        if word in page:
            found.append(f"{word!r} shows in the page")
    return found


def form_has_token(page: str, form: dict[str, str | None]) -> bool | None:
    """Whether a POST form with this action holds a CSRF token."""
    reader = _FormReader()
    reader.feed(page)
    return any(
        action == (form.get("action") or "") and any(name == "csrf_token" for name, _ in fields)
        for action, fields in reader.forms
    )


class _FormReader(HTMLParser):
    """The forms of a page with what a browser would send for them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._form: list[tuple[str, str]] | None = None
        self._area: tuple[str, list[str]] | None = None
        self._select: tuple[str, bool, list[str], str | None] | None = None
        self._option: tuple[bool, str | None, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        name = a.get("name")
        if tag == "form":
            self._form = []
            self.forms.append((a.get("action") or "", self._form))
        elif self._form is None:
            return
        elif tag == "input" and name and "disabled" not in a:
            kind = a.get("type") or "text"
            if kind in ("submit", "button", "image", "file"):
                return
            if kind in ("checkbox", "radio") and "checked" not in a:
                return
            self._form.append((name, a.get("value") or ("on" if kind in ("checkbox", "radio") else "")))
        elif tag == "textarea" and name:
            self._area = (name, [])
        elif tag == "select" and name:
            self._select = (name, "multiple" in a, [], None)
        elif tag == "option" and self._select:
            self._end_option()
            self._option = ("selected" in a, a.get("value"), [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._area and self._form is not None:
            text = "".join(self._area[1])
            self._form.append((self._area[0], text.removeprefix("\n")))
            self._area = None
        elif tag == "option":
            self._end_option()
        elif tag == "select" and self._select and self._form is not None:
            self._end_option()
            name, multiple, chosen, first = self._select
            if not chosen and not multiple and first is not None:
                chosen = [first]
            self._form.extend((name, value) for value in chosen)
            self._select = None

    def _end_option(self) -> None:
        """An option counts by its value or, without one, by its words."""
        if self._option is None or self._select is None:
            return
        selected, value, words = self._option
        self._option = None
        if value is None:
            value = " ".join("".join(words).split())
        name, multiple, chosen, first = self._select
        if selected:
            chosen.append(value)
        self._select = (name, multiple, chosen, value if first is None else first)

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area[1].append(data)
        elif self._option:
            self._option[2].append(data)


def form_fields(response: TestResponse, action: str) -> dict[str, Any]:
    """The fields of the page's form with this action: name → value, or a list where a name stands several times."""
    reader = _FormReader()
    reader.feed(response.get_data(as_text=True))
    for address, fields in reader.forms:
        if address == action:
            result: dict[str, Any] = {}
            for name, value in fields:
                if name in result:
                    earlier = result[name]
                    result[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
                else:
                    result[name] = value
            return result
    raise AssertionError(f"no form to {action} in the page; there are: {[a for a, _ in reader.forms]}")


def check(response: TestResponse) -> None:
    """Assert that a response is a page as it should be; other kinds of answers are left alone."""
    assert response.status_code < 500, f"{response.request.path}: {response.status}"
    assert "Content-Security-Policy" in response.headers, f"{response.request.path}: no security headers"
    if response.mimetype != "text/html" or response.status_code in (301, 302, 303, 308):
        return
    found = problems(response.get_data(as_text=True))
    assert not found, f"{response.request.path} ({response.status}):\n- " + "\n- ".join(found)
