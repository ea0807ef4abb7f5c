"""What a visit to a page downloads: once everything (without pictures), later only the page itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tests.bench.wire import Answer, Broken, Client

_TAG = re.compile(r"<(link|script|use|image)\b([^>]*)>")
_ATTRIBUTE = re.compile(r'\b(rel|href|src)="([^"]*)"')
_IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")
_FETCHED = frozenset({"stylesheet", "icon", "modulepreload", "preload", "manifest"})


def visit(client: Client, path: str) -> tuple[int, int]:
    """Bytes on the wire, heads included, of a first and of a later visit. Raises Broken."""
    page = _fetched(client, path)
    wanted = list(parts(page.text))
    seen: dict[str, Answer] = {}
    while wanted:
        address = wanted.pop()
        if address not in seen:
            seen[address] = _fetched(client, address)
            if address.endswith(".js"):
                wanted += imports(address, seen[address].text)
    kept = [each for each in seen.values() if "immutable" in each.header("cache-control")]
    first = page.wire + sum(each.wire for each in seen.values())
    return first, first - sum(each.wire for each in kept)


def _fetched(client: Client, path: str) -> Answer:
    answer = client.fetch(path)
    if answer.status != 200:
        raise Broken(f"{path} answered {answer.status}")
    return answer


def parts(page: str) -> Iterator[str]:
    """The addresses of stylesheets, modules and icons in a page; pictures (img) are not among them."""
    for tag, inside in _TAG.findall(page):
        attributes = dict(_ATTRIBUTE.findall(inside))
        if tag == "link" and not _FETCHED & set(attributes.get("rel", "").split()):
            continue
        address = (attributes.get("src") or attributes.get("href") or "").partition("#")[0]
        if address.startswith("/"):
            yield address


def imports(address: str, module: str) -> list[str]:
    """The addresses of the modules that a module imports."""
    folder = posixpath.dirname(address)
    return [posixpath.normpath(posixpath.join(folder, target)) for target in _IMPORT.findall(module)]
