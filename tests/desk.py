"""The desk as people use it without a script: pages are read, forms are filled in, buttons are pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from lxml import html
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from broadcaster.alert.phone import AlternateNumber, Visibility
from broadcaster.directory import (
    Agency,
    AgencyRole,
    Community,
    CommunityKind,
    Contact,
    ContactChannel,
    County,
    Directory,
    Psap,
)
from broadcaster.local import borders
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.store.fanout import senders
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.places import directory_load
from broadcaster.store.public import residents
from broadcaster.store.sealed import Sealer
from broadcaster.web import create_app
from broadcaster.web.signin import accounts
from tests.furnished import furnished

NOON = datetime(2026, 6, 18, 16, 0, tzinfo=UTC)
"""Noon in Massachusetts."""
PASSWORD = "a password of the tests"
RESTRICTED = "978-555-0177"
ISSUER, SECOND, BOTH, AUDITOR = "ida@desk.example", "abe@desk.example", "bea@desk.example", "una@desk.example"
PEOPLE = {ISSUER: ["issuer"], SECOND: ["approver"], BOTH: ["approver", "issuer"], AUDITOR: ["auditor"]}


class Compiled(BytecodeCache):
    """Templates compiled once for all the desks of a test process, by their source's hash."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key + bucket.checksum in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key + bucket.checksum])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


class Ruled(Rule):
    """Rules whose way from names to addresses is compiled once for all the applications of a test process: a desk has
    two hundred and fifty, and a thousand desks are made."""

    kept: ClassVar[dict[tuple[object, ...], Any]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults), append_unknown)
        if key not in self.kept:
            self.kept[key] = super()._compile_builder(append_unknown)
        return self.kept[key]


Flask.url_rule_class = Ruled


def directory() -> Directory:
    """Ayer is fine, Groton is stale and has a restricted line, Harvard has no number, Salem is elsewhere."""

    def place(name: str, county: str) -> Community:
        kind = CommunityKind.MUNICIPALITY
        return Community(name.lower(), name, kind, county, "America/New_York", f"{name.lower()}-psap", population=1000)

    def line(digits: str, verified: date | None, visibility: Visibility = Visibility.PUBLIC) -> AlternateNumber:
        return AlternateNumber(f"+1{digits.replace('-', '')}", "Police", visibility, verified)

    places = [("Ayer", "25017"), ("Groton", "25017"), ("Harvard", "25027"), ("Salem", "25009")]
    communities = tuple(place(name, county) for name, county in places)
    return Directory(
        counties=(County("25009", "Essex"), County("25017", "Middlesex"), County("25027", "Worcester")),
        communities=communities,
        psaps=tuple(Psap(each.psap_code, f"{each.name} dispatch", each.county_fips) for each in communities),
        agencies=(
            Agency("ayer-police", "Ayer Police", AgencyRole.POLICE, (_mailbox("ayer"),), ("ayer",)),
            Agency("state-police", "State Police", AgencyRole.STATE_POLICE, (_mailbox("state"),), statewide=True),
        ),
        numbers={
            "ayer": (line("978-555-0101", date(2026, 6, 1)),),
            "groton": (
                line(RESTRICTED, date(2026, 6, 1), Visibility.RESTRICTED),
                line("978-555-0102", date(2024, 1, 1)),
            ),
            "salem": (line("978-555-0104", date(2026, 6, 1)),),
        },
        state_numbers=(line("617-555-0199", date(2026, 6, 1)),),
        sample=True,
    )


def _mailbox(name: str) -> Contact:
    return Contact(ContactChannel.EMAIL, f"desk@{name}.example", 1)


def settings(**changes: object) -> Settings:
    """A demo installation on localhost."""
    made: dict[str, object] = {
        "mode": "demo",
        "database_url": "unused: the tests give sessions",
        "secret_key": "secret-key-of-the-tests-0123456789ab",
        "field_key": "field-key-of-the-tests-0123456789abc",
        "index_key": "index-key-of-the-tests-0123456789abc",
        "public_base_url": "http://localhost",
        "lookup_url": "https://911.example",
    }
    return Settings.model_validate(made | changes)


@dataclass
class Desk:
    """One installation at one moment, which stands still until a test moves it."""

    sessions: Sessions
    now: datetime = NOON
    chosen: Settings = field(default_factory=settings)
    rung: list[tuple[str, ...]] = field(default_factory=list)
    places: Directory = field(default_factory=directory)

    def __post_init__(self) -> None:
        self.sealer = Sealer(self.chosen.field_key_bytes, self.chosen.index_key_bytes)
        self.app: Flask = create_app(
            self.chosen, self.sessions, clock=lambda: self.now, bell=lambda *queues: self.rung.append(queues)
        )
        self.app.config["TESTING"] = True
        self.app.jinja_env.bytecode_cache = Compiled()
        keys = (self.chosen.field_key_bytes, self.chosen.index_key_bytes, self.chosen.state_fips)
        furnished(self.sessions, ("desk", self.places, *keys), self._furnish)

    def _furnish(self, store: Session) -> None:
        directory_load.save(store, self.places, self.sealer)
        borders.install(store, self.chosen.state_fips)
        for email, roles in PEOPLE.items():
            accounts.add_user(store, self.sealer, email, email.partition("@")[0].title(), PASSWORD, roles)
        senders.register(store, NewSender("sms", "twilio", "+15005550006", 10.0))
        senders.register(store, NewSender("email", "smtp", "desk@state911.example", 50.0))
        ids = directory_load.community_ids(store)
        for number, code in enumerate(["ayer"] * 3 + ["groton"] * 2 + ["harvard"]):
            address = residents.address(store, self.sealer, "sms", f"+1978555{2000 + number}")
            residents.subscribe(store, address, ids[code])

    def later(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)

    def code(self, email: str) -> str:
        """The next code of this person that was not used yet."""
        self.later(seconds=30)
        return self.shown_code(email)

    def shown_code(self, email: str) -> str:
        """What this person's authenticator shows at this moment."""
        with self.sessions.begin() as store:
            user = people.by_email(store, email)
            assert user is not None
            return accounts.current_code(self.sealer, user, self.now)

    def browser(self, email: str = "") -> Browser:
        """A browser, signed in through the page if somebody is named."""
        made = Browser(self.app.test_client())
        if email:
            made.open("/desk/")
            made.send("sign-in", email=email, password=PASSWORD, code=self.code(email))
            assert made.path == "/desk/", made.words
        return made


@dataclass
class Browser:
    """A browser without scripts: it knows pages, forms and buttons."""

    client: FlaskClient
    status: int = 0
    path: str = ""
    text: str = ""

    def open(self, path: str) -> Browser:
        """Go to an address, and on wherever it leads."""
        return self._see(self.client.get(path, follow_redirects=True))

    def send(self, action: str, button: str = "", **values: str | list[str]) -> Browser:
        """Fill in the form whose address ends so, leave the rest as it stands, and press its button."""
        form = self.form(action)
        kept = [(name, value) for name, value in form.form_values() if name not in values]
        given = [(name, each) for name, many in values.items() for each in ([many] if isinstance(many, str) else many)]
        target = button or form.action
        data: dict[str, list[str]] = {}
        for name, value in [*kept, *given]:
            data.setdefault(name, []).append(value)
        return self._see(self.client.post(target, data=data, follow_redirects=True))

    def form(self, action: str) -> html.FormElement:
        """The form whose address ends so."""
        return next(form for form in self.page.forms if (form.action or "").endswith(action))

    def has(self, action: str) -> bool:
        """Whether the page offers this action."""
        return any((form.action or "").endswith(action) for form in self.page.forms)

    def beside(self, name: str) -> str:
        """The sentence beside a field."""
        found = self.page.xpath(f"//*[@id='problem-{name}']")
        return " ".join(found[0].text_content().split()) if found else ""

    def values(self, action: str) -> Mapping[str, list[str]]:
        """What stands in a form."""
        found: dict[str, list[str]] = {}
        for name, value in self.form(action).form_values():
            found.setdefault(name, []).append(value)
        return found

    @property
    def page(self) -> html.HtmlElement:
        """The page as a tree."""
        return html.fromstring(self.text)

    @property
    def words(self) -> str:
        """Everything that can be read on the page, on one line."""
        return " ".join(self.page.text_content().split())

    def _see(self, answer: object) -> Browser:
        self.status, self.text = answer.status_code, answer.get_data(as_text=True)  # type: ignore[attr-defined]
        self.path = answer.request.path  # type: ignore[attr-defined]
        return self


def walk(desk: Desk, author: Browser, **values: str | list[str]) -> str:
    """Form and check: leaves the author at the preview; returns the alert's address."""
    author.open("/desk/new")
    author.send("/desk/new", **({"names": "Ayer, Groton\nHarvard"} | values))
    assert "/revisions/" in author.path, author.words
    return author.path.split("/revisions/")[0]


def released(desk: Desk, author: Browser, second: Browser, second_email: str) -> str:
    """A whole alert, on air."""
    alert = walk(desk, author)
    author.send("/submit")
    page = author.path
    author.send("/release-agencies")
    second.open(page).send("/approve", code=desk.code(second_email))
    assert second.path == alert, second.words
    return alert
