"""The desk over real HTTP: what `tests.desk.Browser` needs of a client, and a flood to stand beside it."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from types import SimpleNamespace
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp


@dataclass
class Wire:
    """Somebody's browser; `took` are the seconds of each request, redirects included."""

    base: str
    took: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    @property
    def cookie(self) -> str:
        """What the browser sends along."""
        return "; ".join(f"{each.name}={each.value}" for each in self._jar)

    def get(self, path: str, *, follow_redirects: bool = True) -> Answer:
        """Go to an address."""
        return self._ask(urllib.request.Request(urljoin(self.base, path)))

    def post(self, path: str, *, data: Mapping[str, list[str]], follow_redirects: bool = True) -> Answer:
        """Send a form."""
        return self._ask(urllib.request.Request(urljoin(self.base, path), urlencode(data, doseq=True).encode()))

    def _ask(self, request: urllib.request.Request) -> Answer:
        began = time.monotonic()
        try:
            with self._opener.open(request, timeout=60) as reply:
                made = Answer(reply.status, reply.read().decode(), urlsplit(reply.url).path)
        except urllib.error.HTTPError as error:
            made = Answer(error.code, error.read().decode(), urlsplit(error.url).path)
        self.took.append(time.monotonic() - began)
        return made


@dataclass(frozen=True)
class Answer:
    """As far as the browser reads it."""

    status_code: int
    text: str
    path: str

    @property
    def request(self) -> SimpleNamespace:
        return SimpleNamespace(path=self.path)

    def get_data(self, *, as_text: bool) -> str:
        assert as_text
        return self.text


PAGES = ("/", "/desk/sign-in", "/find?q=ayer", "/status.json", "/subscribe")
WRONG_SIGN_IN_EVERY = 50


@dataclass
class Flood:
    """So many clients who ask for the pages of strangers in turn, again and again, and now and then try to sign in."""

    base: str
    clients: int = 60
    at_least: int = 0
    answers: Counter[int | str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def coming(self) -> Iterator[Flood]:
        """Until the block ends, and until it was `at_least` so many."""
        flooding = threading.Thread(target=lambda: asyncio.run(self._come()))
        flooding.start()
        try:
            yield self
        finally:
            self.over.set()
            flooding.join()

    @property
    def refused(self) -> dict[int | str, int]:
        """Every answer that says no for having asked: by its status, or the error of the connection."""
        usual = (200, 422)
        return {what: number for what, number in self.answers.items() if what not in usual}

    async def _come(self) -> None:
        timeout, limit = aiohttp.ClientTimeout(total=60), aiohttp.TCPConnector(limit=0)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(connector=limit, timeout=timeout, cookie_jar=jar) as session:
            form = await self._form(session)
            await asyncio.gather(*(self._client(session, number, form) for number in range(self.clients)))

    async def _form(self, session: aiohttp.ClientSession) -> tuple[dict[str, str], dict[str, str]]:
        """A wrong sign-in with the token and the cookie that make it be looked at."""
        async with session.get(f"{self.base}/desk/sign-in") as reply:
            token = (await reply.text()).partition('name="csrf_token" value="')[2].partition('"')[0]
            cookie = {name: each.value for name, each in reply.cookies.items()}
        typed = {"csrf_token": token, "email": "nobody@desk.example", "password": "wrong password", "code": "000000"}
        return typed, cookie

    async def _client(
        self, session: aiohttp.ClientSession, number: int, form: tuple[dict[str, str], dict[str, str]]
    ) -> None:
        typed, cookie = form
        while not self.over.is_set() or self.answers.total() < self.at_least:
            number += 1
            wrong = number % WRONG_SIGN_IN_EVERY == 0
            way, path = ("POST", "/desk/sign-in") if wrong else ("GET", PAGES[number % len(PAGES)])
            more = {"data": typed, "cookies": cookie} if wrong else {}
            try:
                async with session.request(way, f"{self.base}{path}", **more) as reply:
                    await reply.read()
                    self.answers[reply.status] += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                self.answers[type(error).__name__] += 1


def percentile(took: list[float], share: float) -> float:
    """The time that this share of them did not take longer than."""
    return sorted(took)[min(len(took) - 1, int(len(took) * share))]
