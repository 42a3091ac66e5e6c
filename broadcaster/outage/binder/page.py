"""The binder as one HTML file: opened by a double click, without a server, without a network, without a script.

Everything stands in the page itself; a policy in its head forbids it to ask for anything. The script only hides towns
while somebody types, and sets the times of a CAP message.
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from broadcaster import audience
from broadcaster.alert.alert import Area, Content, FailureKind, Rung
from broadcaster.alert.phone import display, is_stale
from broadcaster.audience import AgencyList
from broadcaster.directory import Agency, AgencyRole, Contact, ContactChannel, Directory
from broadcaster.feeds.places import county_title
from broadcaster.feeds.public_page import BANNERS, Wording, day, dialable
from broadcaster.messages.read_aloud import Script
from broadcaster.outage.binder.cap import Ready
from broadcaster.settings import Mode

TEMPLATES = Path(__file__).resolve().parents[3] / "templates" / "web" / "binder"
FIRST_CALLED: tuple[AgencyRole, ...] = (
    *(AgencyRole.PSAP, AgencyRole.POLICE, AgencyRole.TRIBAL_POLICE, AgencyRole.CAMPUS_POLICE),
    *(AgencyRole.STATE_POLICE, AgencyRole.FIRE, AgencyRole.EMS, AgencyRole.HOSPITAL),
)
"""Who is called first within a county: who answers the calls, then who is sent, then who takes people in."""
ROLES = {AgencyRole.PSAP: "PSAP", AgencyRole.EMS: "EMS", AgencyRole.VENDOR_911: "911 vendor"}
ROLES |= {AgencyRole.CRISIS_LINE_988: "988 line", AgencyRole.LINE_211: "211 line"}
MOST_LINES = 2
CALL_COLUMNS = ("list", "order", "agency", "role", "serves", "phones", "texts", "mail")
_pages = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_pages.filters.update(dialable=dialable, day=day)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the desk, by name: what they may do, and their phones."""

    name: str
    roles: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnAir:
    """An alert that was on air when the binder was made: a laptop does not know whom the house has told."""

    alert: str
    place: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Pages:
    """What the page and the tables beside it are made of."""

    made_at: datetime
    mode: Mode
    authority: str
    timezone: str
    watch_phone: str
    directory: Directory
    people: Sequence[Person]
    scripts: Sequence[Script]
    cap: Sequence[Ready]
    on_air: Sequence[OnAir] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A town on its line: its number as people read and phones dial it, and what comes after that one."""

    name: str
    county: str
    zips: tuple[str, ...]
    number: str
    dial: str
    label: str
    verified: str
    after: tuple[str, ...]
    found_by: str


@dataclass(frozen=True, slots=True)
class Call:
    """An agency on a call-down list, in the order in which it is called."""

    order: int
    name: str
    role: str
    serves: str
    phones: tuple[str, ...]
    texts: tuple[str, ...]
    mail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallDown:
    """Everybody who is called for one county; `anchor` is its place on the page."""

    anchor: str
    title: str
    calls: tuple[Call, ...]


def html(pages: Pages) -> bytes:
    """The whole page."""
    parts = {name: (TEMPLATES / f"page.{name}").read_text(encoding="utf-8") for name in ("css", "js")}
    values: dict[str, Any] = {
        "it": pages,
        "banner": BANNERS.get(pages.mode),
        "when": Wording(ZoneInfo(pages.timezone)),
        "policy": f"default-src 'none'; style-src '{_digest(parts['css'])}'; script-src '{_digest(parts['js'])}'",
        "lines": lines(pages.directory),
        "lists": call_down(pages.directory, _day_of(pages)),
        "watch": display(pages.watch_phone),
        **{name: Markup(text) for name, text in parts.items()},  # noqa: S704 - our own files
    }
    return _pages.get_template("page.html").render(values).encode()


def _digest(text: str) -> str:
    """As a Content-Security-Policy names what it lets in (CSP 3, section 6.7.2.5)."""
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def lines(directory: Directory) -> list[Line]:
    """Every town by its name; no restricted number stands here, for people read from this to callers."""
    return [_line(directory, one.code) for one in sorted(directory.communities, key=lambda one: one.name)]


def _line(directory: Directory, code: str) -> Line:
    town = directory.community(code)
    best, *rest = directory.rungs(code)
    number = best.number
    return Line(
        name=town.name,
        county=county_title(directory.county_names[town.county_fips]),
        zips=town.zips,
        number=number.display if number else "",
        dial=number.e164 if number else "",
        label=number.label if number else best.why,
        verified=f"verified {day(number.verified_on)}" if number and number.verified_on else "never verified",
        after=tuple(_after(each.number.display, each.number.label) for each in rest if each.number),
        found_by=" ".join((town.name, *town.places, *town.zips)).casefold(),
    )


def _after(number: str, label: str) -> str:
    return f"{number} ({label})" if label else number


def _day_of(pages: Pages) -> date:
    return pages.made_at.astimezone(ZoneInfo(pages.timezone)).date()


def call_down(directory: Directory, today: date) -> list[CallDown]:
    """A list for those who hear of every outage, then one for each county, each in the order of its calls. What nobody
    verified within a year before `today` is marked."""
    by_county: dict[str, list[AgencyList]] = {}
    for one in audience.agency_lists(_everywhere(), directory):
        by_county.setdefault(one.county, []).append(one)
    made = []
    for no, county in enumerate(sorted(by_county)):
        title = county_title(county) if county else "Every outage, wherever it is"
        agencies = [agency for one in sorted(by_county[county], key=_rank) for agency in one.agencies]
        calls = tuple(_call(directory, order, agency, today) for order, agency in enumerate(agencies, start=1))
        made.append(CallDown(f"list-{no}", title, calls))
    return made


def _everywhere() -> Content:
    """Only its area counts: whoever would hear of an outage of the whole state."""
    long_ago = datetime.fromtimestamp(0, ZoneInfo("UTC"))
    return Content(FailureKind.ALL_CALLS, Area(statewide=True), long_ago, long_ago)


def _rank(one: AgencyList) -> tuple[int, int]:
    first = FIRST_CALLED.index(one.role) if one.role in FIRST_CALLED else len(FIRST_CALLED)
    return first, list(AgencyRole).index(one.role)


def _call(directory: Directory, order: int, agency: Agency, today: date) -> Call:
    def reached_by(channel: ContactChannel) -> tuple[str, ...]:
        found = sorted((each for each in agency.contacts if each.channel is channel), key=lambda each: each.order)
        return tuple(_marked(each, today) for each in found)

    names = [directory.community(code).name for code in agency.communities]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return Call(
        order,
        agency.name,
        ROLES.get(agency.role, agency.role.value.replace("_", " ")),
        "the whole state" if agency.statewide else shown,
        reached_by(ContactChannel.VOICE) or tuple(_town_lines(directory, agency)),
        reached_by(ContactChannel.SMS),
        reached_by(ContactChannel.EMAIL),
    )


def _marked(contact: Contact, today: date) -> str:
    since = f"not verified since {day(contact.verified_on)}" if contact.verified_on else "never verified"
    return _after(display(contact.value), since if is_stale(contact.verified_on, today) else "")


def _town_lines(directory: Directory, agency: Agency) -> Iterator[str]:
    """Of one that answers calls or is sent, and whose phone nobody has written down: the lines of its first towns."""
    for code in agency.communities[:MOST_LINES] if agency.role in FIRST_CALLED else ():
        best = directory.ladder(code)
        if best.number and best.rung is Rung.COMMUNITY:
            yield f"{best.number.display} (the line of {directory.community(code).name})"


def call_table(pages: Pages) -> bytes:
    """The call-down lists as CSV (CALL_COLUMNS), for whoever hands them out among several people."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(CALL_COLUMNS)
    table.writerows(_rows(pages))
    return out.getvalue().encode("utf-8-sig")


def _rows(pages: Pages) -> Iterator[tuple[object, ...]]:
    for one in call_down(pages.directory, _day_of(pages)):
        for call in one.calls:
            joined = ("; ".join(each) for each in (call.phones, call.texts, call.mail))
            yield (one.title, call.order, call.name, call.role, call.serves, *joined)


def script_text(script: Script) -> bytes:
    """The scripts of one language as plain text."""
    marked = "" if script.reviewed else "NOBODY HAS REVIEWED THIS TRANSLATION.\n\n"
    texts = "\n\n".join(f"{heading}\n{words}" for heading, words in script.texts)
    return f"{script.name} ({script.english})\n\n{marked}{texts}\n".encode()
