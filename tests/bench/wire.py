"""HTTP/1.1: the parsing that load generator and client share, and a small client with cookies."""

from __future__ import annotations

import gzip
import re
import socket
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

TIMEOUT = 30.0
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_BODILESS = (204, 304)


class Broken(RuntimeError):
    """The other side did not speak HTTP as expected, or hung up."""


class Head(NamedTuple):
    """Where an answer's parts are: ``body`` is where its body begins, ``end`` one past its last byte."""

    status: int
    body: int
    end: int


def read_head(data: bytes | bytearray) -> Head | None:
    """The head at the beginning of ``data``; None while it is not complete. Raises Broken."""
    blank = data.find(b"\r\n\r\n")
    if blank < 0:
        return None
    status = int(data[9:12])
    body = blank + 4
    length = _LENGTH.search(data, 0, blank + 2)
    if length:
        return Head(status, body, body + int(length[1]))
    if status in _BODILESS:
        return Head(status, body, body)
    raise Broken(f"an answer without a length: {bytes(data[:blank])!r}")


class Answer(NamedTuple):
    """One answer; ``body`` is unpacked, ``wire`` counts the bytes that travelled, head included."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    wire: int

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str:
        """The first header of this name, or ''."""
        return next((value for key, value in self.headers if key == name), "")


class Client:
    """A browser of the simplest kind, with cookies and gzip; used where speed is not measured."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        """A page's text. Raises Broken unless the status is 200."""
        answer = self.fetch(path)
        if answer.status != 200:
            raise Broken(f"{path} answered {answer.status}: {answer.text[:500]}")
        return answer.text

    def enter(self, who: str, password: str) -> None:
        """Sign in through the form. Raises Broken."""
        fields = {"csrf_token": csrf_token(self.get("/masuk")), "who": who, "password": password}
        answer = self.send("/masuk", fields)
        if answer.status != 302:
            raise Broken(f"{who} could not sign in: {answer.status}")

    def fetch(self, path: str) -> Answer:
        """Ask for anything."""
        return self._ask(f"GET {path} HTTP/1.1\r\n", b"")

    def send(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a form."""
        body = urlencode(fields).encode()
        head = f"POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        return self._ask(f"{head}Content-Length: {len(body)}\r\n", body)

    @property
    def headers(self) -> str:
        """What this browser sends with every request, without the last line end."""
        lines = [
            f"Host: 127.0.0.1:{self.port}",
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Accept-Language: id-ID,id;q=0.9,en;q=0.8",
            "Accept-Encoding: gzip, deflate",
            "Sec-Fetch-Site: same-origin",
        ]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        return "\r\n".join(lines)

    def _ask(self, head: str, body: bytes) -> Answer:
        answer = self._exchange(f"{head}{self.headers}\r\n\r\n".encode() + body)
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer

    def _exchange(self, request: bytes) -> Answer:
        # these requests are rare and the server hangs up on idle connections: each has its own
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT) as connection:
            connection.sendall(request)
            data = bytearray()
            while (head := read_head(data)) is None or len(data) < head.end:
                chunk = connection.recv(65536)
                if not chunk:
                    raise Broken(f"the server hung up on {request[:60]!r}")
                data += chunk
        lines = bytes(data[: head.body]).decode("latin-1").split("\r\n")[1:-2]
        pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        answer = Answer(head.status, pairs, bytes(data[head.body : head.end]), head.end)
        if answer.header("content-encoding") == "gzip":
            answer = answer._replace(body=gzip.decompress(answer.body))
        return answer


def csrf_token(page: str) -> str:
    """The token in a page's form. Raises Broken where there is none."""
    found = _CSRF.search(page)
    if found is None:
        raise Broken("a page without a CSRF token")
    return found[1]
