"""ClamAV by its own protocol: the bytes go in pieces to clamd, which answers in a word."""

import socket
import struct
from typing import BinaryIO, Literal, NamedTuple

CHUNK = 64 * 1024
SECONDS = 60.0


class Verdict(NamedTuple):
    """What the scanner says; ``found`` names what it found."""

    state: Literal["clean", "infected"]
    found: str = ""


def scan(address: str, stream: BinaryIO) -> Verdict:
    """Let clamd look at a stream; ``address`` is the path of its socket, or host:port.

    clamd(8), INSTREAM: each piece after its length in four bytes, big end first; a length of zero ends. Raises
    OSError when the scanner does not answer, or answers that it could not look.
    """
    with _connect(address) as connection:
        connection.sendall(b"zINSTREAM\0")
        while piece := stream.read(CHUNK):
            connection.sendall(struct.pack(">I", len(piece)) + piece)
        connection.sendall(struct.pack(">I", 0))
        answer = b""
        while not answer.endswith(b"\0"):
            more = connection.recv(4096)
            if not more or len(answer) > 10_000:
                break
            answer += more
    text = answer.rstrip(b"\0").decode("utf-8", "replace").removeprefix("stream: ")
    if text == "OK":
        return Verdict("clean")
    if text.endswith(" FOUND"):
        return Verdict("infected", text.removesuffix(" FOUND")[:200])
    raise OSError(f"clamd: {text[:200]}")


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        return socket.create_connection((host, int(port)), timeout=SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    connection.connect(address)
    return connection
