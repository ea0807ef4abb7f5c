"""The load generator: a closed loop over a few connections, made to cost the machine as little as it can.

``python -m tests.bench.load`` reads a Job as JSON from standard input and writes its Result to standard
output, so that it never shares an interpreter with what it measures.
"""

from __future__ import annotations

import gc
import gzip
import selectors
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle
from time import perf_counter

import msgspec

from tests.bench.wire import TIMEOUT, Broken, Head, read_head

FAILURES_KEPT = 5
WARM_WITHIN = 30.0  # seconds
GZIP = b"\x1f\x8b"
GRACE = 60.0  # seconds that the process may take beyond those it was asked to measure


class Request(msgspec.Struct, frozen=True):
    """One request: ``head`` is everything before the blank line, without a length.

    In ``body`` ``@n@`` is replaced by a number that grows, ``@name@`` by the visitor's value of that name.
    """

    head: str
    body: str | None = None


class Visitor(msgspec.Struct):
    """Somebody signed in who sends requests in turn; ``carry`` names what to remember of JSON answers."""

    requests: tuple[Request, ...]
    values: dict[str, str] = {}
    carry: tuple[str, ...] = ()
    sent: int = 0


class Job(msgspec.Struct, kw_only=True):
    """What to measure: each of ``connections`` sends its visitors' requests one after the other.

    A connection is made anew after ``per_connection`` requests, so that the server's processes share the load
    as they do among people who come and go. Only ``seconds`` are measured, after ``warmup`` seconds and after
    every request was sent ``passes`` times, so that each of the server's processes has met it before.
    """

    port: int
    visitors: list[Visitor]
    connections: int = 8
    per_connection: int = 50
    warmup: float = 1.0
    passes: int = 0
    seconds: float = 4.0
    expect: tuple[int, ...] = (200,)

    @property
    def sent(self) -> int:
        """How many requests its visitors have sent so far, measured or not."""
        return sum(visitor.sent for visitor in self.visitors)


class Result(msgspec.Struct, kw_only=True):
    """What came back while measuring: latencies in microseconds, bytes on the wire, failures in words.

    ``visitors`` are those of the job as they stand afterwards.
    """

    seconds: float
    latencies: list[int]
    bytes: int
    statuses: dict[int, int]
    failures: list[str]
    visitors: list[Visitor]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


class _Prepared:
    """A visitor with its requests as bytes."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.turns: Iterator[Request] = cycle(visitor.requests)
        self.fixed = {
            id(each): f"{each.head}\r\n\r\n".encode() for each in visitor.requests if each.body is None
        }
        self.decoder = msgspec.json.Decoder(dict[str, object]) if visitor.carry else None

    def next(self) -> bytes:
        request = next(self.turns)
        self.visitor.sent += 1
        if request.body is None:
            return self.fixed[id(request)]
        body = request.body.replace("@n@", str(self.visitor.sent))
        for name, value in self.visitor.values.items():
            body = body.replace(f"@{name}@", value)
        sent = body.encode()
        return f"{request.head}\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent

    def is_cold(self, passes: int) -> bool:
        return self.visitor.sent < passes * len(self.visitor.requests)

    def learn(self, body: bytes) -> None:
        """Remember from a JSON answer what the next request must name."""
        if self.decoder is not None:
            answer = self.decoder.decode(gzip.decompress(body) if body.startswith(GZIP) else body)
            for name in self.visitor.carry:
                self.visitor.values[name] = str(answer[name])


class _Line:
    """One connection with the visitors that take turns on it."""

    def __init__(self, loop: _Loop, visitors: Sequence[_Prepared]) -> None:
        self.loop = loop
        self.turns = cycle(visitors)
        self.asking: _Prepared = visitors[0]
        self.socket: socket.socket | None = None
        self.left = 0
        self.data = bytearray()
        self.begun = 0.0
        self.waiting = False

    def send(self) -> None:
        if self.left == 0:
            self.connect()
        self.left -= 1
        self.asking = next(self.turns)
        request = self.asking.next()
        assert self.socket is not None
        self.waiting = True
        self.begun = perf_counter()
        self.socket.sendall(request)

    def connect(self) -> None:
        self.close()
        self.socket = socket.create_connection(("127.0.0.1", self.loop.job.port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.loop.selector.register(self.socket, selectors.EVENT_READ, self)
        self.left = self.loop.job.per_connection

    def close(self) -> None:
        if self.socket is not None:
            self.loop.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None

    def receive(self) -> bool:
        """Take what arrived; True once the answer is whole. Raises Broken."""
        assert self.socket is not None
        chunk = self.socket.recv(262_144)
        if not chunk:
            raise Broken("the server hung up in the middle of an answer")
        self.data += chunk
        head = read_head(self.data)
        if head is None or len(self.data) < head.end:
            return False
        self.loop.count(self, head)
        self.data.clear()
        self.waiting = False
        return True


class _Loop:
    """Drives all connections until the time is over, then waits for what is still under way."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.selector = selectors.DefaultSelector()
        self.prepared = [_Prepared(visitor) for visitor in job.visitors]
        count = min(job.connections, len(self.prepared))
        self.lines = [_Line(self, self.prepared[at::count]) for at in range(count)]
        self.expected = frozenset(job.expect)
        self.measuring = False
        self.latencies: list[int] = []
        self.bytes = 0
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []

    def run(self) -> Result:
        try:
            for line in self.lines:
                line.send()
            self.drive(self.job.warmup)
            end = perf_counter() + WARM_WITHIN
            while self.is_cold and perf_counter() < end and len(self.failures) < FAILURES_KEPT:
                self.drive(0.1)
            self.measuring = True
            begun = perf_counter()
            self.drive(self.job.seconds)
            seconds = perf_counter() - begun
            self.measuring = False
            self.drain()
        except (OSError, Broken, KeyError, msgspec.DecodeError) as error:
            self.failures.append(f"{type(error).__name__}: {error}")
            seconds = max(self.job.seconds, 0.001)
        finally:
            for line in self.lines:
                line.close()
            self.selector.close()
        return Result(
            seconds=seconds,
            latencies=self.latencies,
            bytes=self.bytes,
            statuses=dict(self.statuses),
            failures=self.failures,
            visitors=self.job.visitors,
        )

    @property
    def is_cold(self) -> bool:
        return any(each.is_cold(self.job.passes) for each in self.prepared)

    def drive(self, seconds: float) -> None:
        end = perf_counter() + seconds
        while (left := end - perf_counter()) > 0 and len(self.failures) < FAILURES_KEPT:
            for key, _ in self.selector.select(left):
                if key.data.receive():
                    key.data.send()
            self.refuse_stuck()

    def drain(self) -> None:
        """A visitor's next request may name what the last answer tells, so no answer is left unread."""
        end = perf_counter() + TIMEOUT
        while any(line.waiting for line in self.lines) and perf_counter() < end:
            for key, _ in self.selector.select(0.5):
                key.data.receive()
            self.refuse_stuck()

    def refuse_stuck(self) -> None:
        now = perf_counter()
        if any(line.waiting and now - line.begun > TIMEOUT for line in self.lines):
            raise Broken(f"no answer within {TIMEOUT:.0f} s")

    def count(self, line: _Line, head: Head) -> None:
        if head.status not in self.expected:
            if len(self.failures) < FAILURES_KEPT:
                said = bytes(line.data[: head.end])[:300].decode("latin-1")
                self.failures.append(f"status {head.status} instead of {sorted(self.expected)}: {said}")
        else:
            line.asking.learn(bytes(line.data[head.body : head.end]))
        if self.measuring:
            self.latencies.append(round((perf_counter() - line.begun) * 1e6))
            self.bytes += head.end
            self.statuses[head.status] += 1


def run_here(job: Job) -> Result:
    """Run a job in this process."""
    return _Loop(job).run()


def run(job: Job) -> Result:
    """Run a job in a process of its own. Raises RuntimeError when that process fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=msgspec.json.encode(job),
        stdout=subprocess.PIPE,
        timeout=job.warmup + WARM_WITHIN + job.seconds + GRACE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the load generator ended with {done.returncode}")
    return msgspec.json.decode(done.stdout, type=Result)


def main() -> None:
    """One job from standard input to standard output."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    gc.disable()  # a collection in the middle would count as the server's time
    sys.stdout.buffer.write(msgspec.json.encode(run_here(job)))


if __name__ == "__main__":
    main()
