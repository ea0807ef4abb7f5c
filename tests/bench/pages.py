"""The pages that are measured: who asks for them, how, and what they must reach beside the bare limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from tests.bench.cast import PASSWORD, Cast, Facilitator, Learner
from tests.bench.load import Request, Visitor
from tests.bench.wire import Broken, csrf_token

_REVISION = re.compile(r'name="revision"[^>]*value="(\d+)"')


@dataclass(frozen=True)
class Ask:
    """One request; ``fields`` are a form that a module posts, ``carry`` is told by its JSON answer."""

    path: str
    fields: dict[str, str] | None = None
    carry: tuple[str, ...] = ()


class Browser(Protocol):
    """What signs in: the wire's client, or Flask's test client."""

    def get(self, path: str) -> str:
        """A page's text; raises Broken unless the status is 200."""

    def enter(self, who: str, password: str) -> None:
        """Sign in through the form; raises Broken."""


@dataclass(frozen=True)
class Session:
    """Somebody signed in; ``values`` are what forms must name and answers change."""

    browser: Browser
    token: str
    learner: Learner | None = None
    facilitator: Facilitator | None = None
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """A page with the least share of the Flask limit that it must serve (None: no target)."""

    name: str
    asks: Callable[[Session], Sequence[Ask]]
    target: float | None = None
    growth: bool = False
    by_facilitators: bool = False

    @property
    def writes(self) -> bool:
        return "POST" in self.name


def _home(_session: Session) -> list[Ask]:
    return [Ask("/")]


def _lesson(session: Session) -> list[Ask]:
    who = session.learner
    return [Ask(f"/belajar/{who.code}/{lesson}") for lesson in who.lessons] if who else []


def _quiz(session: Session) -> list[Ask]:
    return [Ask(f"/kuis/percobaan/{session.learner.attempt_id}")] if session.learner else []


def _answer(session: Session) -> list[Ask]:
    who = session.learner
    if who is None:
        return []
    path = f"/kuis/percobaan/{who.attempt_id}/jawaban"
    name = who.question_id
    fields = {"csrf_token": session.token, "writer": "beban", f"ago.{name}": "0"}
    fields |= {f"seen.{name}": "@known@", f"turn.{name}": "@n@"}
    return [Ask(path, fields | {f"answer.{name}": value}, ("known",)) for value in who.answers]


def _autosave(session: Session) -> list[Ask]:
    who = session.learner
    if who is None:
        return []
    text = f"{who.text}\n\nDisimpan untuk kali ke-@n@."
    fields = {"csrf_token": session.token, "revision": "@revision@", "text": text}
    return [Ask(f"/proyek/kerja/{who.work_id}/{who.section_id}", fields, ("revision",))]


def _queue(session: Session) -> list[Ask]:
    return [Ask("/telaah")] if session.facilitator else []


def _review(session: Session) -> list[Ask]:
    return [Ask(f"/telaah/{key}") for key in session.facilitator.submissions] if session.facilitator else []


def _large(session: Session) -> list[Ask]:
    who = session.facilitator
    return [Ask(f"/telaah/{who.large}")] if who and who.large else []


PAGES = (
    Page("home", _home, growth=True),
    Page("lesson", _lesson, 0.6, growth=True),
    Page("quiz page", _quiz, 0.4),
    Page("answer POST", _answer, 0.3),
    Page("autosave POST", _autosave, 0.3),
    Page("queue", _queue, growth=True, by_facilitators=True),
    Page("review page", _review, by_facilitators=True),
    Page("large review", _large, by_facilitators=True),
)


def chosen_pages(names: Sequence[str]) -> list[Page]:
    """The pages with these names, in order; no names are all pages."""
    return [page for page in PAGES if page.name in names or not names]


def sign_in_all(cast: Cast, pages: Sequence[Page], make: Callable[[], Browser]) -> list[Session]:
    """Sign in whoever these pages need and read off their own pages what their forms must name."""
    sessions = []
    people: list[tuple[str, Learner | None, Facilitator | None]] = [
        *((each.email, each, None) for each in cast.learners),
        *(
            (each.email, None, each)
            for each in cast.facilitators
            if any(page.by_facilitators for page in pages)
        ),
    ]
    for email, learner, facilitator in people:
        browser = make()
        browser.enter(email, PASSWORD)
        values = {"revision": _revision(browser, learner), "known": "0"} if learner else {}
        sessions.append(Session(browser, csrf_token(browser.get("/profil")), learner, facilitator, values))
    return sessions


def _revision(browser: Browser, learner: Learner) -> str:
    page = browser.get(f"/proyek/kerja/{learner.work_id}/{learner.section_id}")
    found = _REVISION.search(page)
    if found is None:
        raise Broken("a section's page without a revision")
    return found[1]


def visitors(page: Page, sessions: Sequence[Session], headers: Callable[[Session], str]) -> list[Visitor]:
    """Who asks for this page, as the load generator takes them; ``headers`` are each session's own."""
    found = []
    for session in sessions:
        asks = page.asks(session)
        if asks:
            found.append(
                Visitor(
                    requests=tuple(_request(ask, headers(session)) for ask in asks),
                    values=session.values,
                    carry=asks[0].carry,
                )
            )
    return found


def _request(ask: Ask, headers: str) -> Request:
    if ask.fields is None:
        return Request(f"GET {ask.path} HTTP/1.1\r\nAccept: text/html,*/*;q=0.8\r\n{headers}")
    form = "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
    return Request(f"POST {ask.path} HTTP/1.1\r\n{form}{headers}", urlencode(ask.fields, safe="@"))
