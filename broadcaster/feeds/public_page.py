"""The public window as files: what is down where, which number to call in my town, and as of when.

Pure: from one snapshot to bytes by path. Pages work without JavaScript, ask nothing of any other host, and carry a
marker where the window writes that a page has gone stale.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from broadcaster.alert.phone import display
from broadcaster.feeds import tongues
from broadcaster.feeds.lookup import Advice, advice_by_town, speaking
from broadcaster.feeds.panels import panel
from broadcaster.feeds.snapshot import AirState, OnAir, Snapshot, TownAnswer
from broadcaster.feeds.tongues import Tongue
from broadcaster.messages.reception import say
from broadcaster.settings import Mode

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "web" / "public"
ASSETS = ("public.css", "public.js", "icon.svg")
LANGUAGE_FOLDER = "l"
CHECKPOINT = "ledger/checkpoint"
"""Where a reader of C2SP tlog-tiles looks for it."""
STALE_AFTER_SECONDS = 60
STALE_MARKER = b"<!--stale-->"
BANNERS = {
    Mode.DEMO: ("DEMO", "This is a demonstration. Nothing on this page is real. In an emergency, call 911."),
    Mode.TRAINING: ("TRAINING", "This is an exercise. Nothing on this page is real. In an emergency, call 911."),
}
_pages = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_PHONE = re.compile(r"(?<![\d-])(\d{3})-(\d{3})-(\d{4})(?![\d-])")
"""Also right after a letter: Chinese has no space there."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Times in the words of the place."""

    zone: ZoneInfo

    def hour(self, moment: datetime) -> str:
        """``2:31 p.m.``"""
        there = moment.astimezone(self.zone)
        return f"{there.hour % 12 or 12}:{there:%M} {'a.m.' if there.hour < 12 else 'p.m.'}"

    def full(self, moment: datetime) -> str:
        """``2:31 p.m. EDT, Tuesday, June 18, 2024``"""
        there = moment.astimezone(self.zone)
        return f"{self.hour(moment)} {there.tzname()}, {there:%A, %B} {there.day}, {there.year}"

    def short(self, moment: datetime) -> str:
        """``2:31 p.m., Jun 18``"""
        there = moment.astimezone(self.zone)
        return f"{self.hour(moment)}, {there:%b} {there.day}"


def dialable(text: str) -> Markup:
    """The escaped text with every ten-digit number as a link that phones can call."""
    linked = _PHONE.sub(r'<a class="tel" href="tel:+1\1\2\3">\1-\2-\3</a>', str(escape(text)))
    return Markup(linked)  # noqa: S704 - the text was escaped, and the digits are ours


def day(moment: date | str) -> str:
    """``May 2, 2024``, from a date or its ISO form."""
    when = date.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{when:%B} {when.day}, {when.year}"


_pages.filters.update(dialable=dialable, day=day, display=display)


def files(snapshot: Snapshot) -> dict[str, bytes]:
    """Every page and table by its relative path; the pages that must not run ahead of the others come last."""
    advice = advice_by_town(snapshot)
    made = {name: (TEMPLATES / name).read_bytes() for name in ASSETS}
    made |= {f"town/{code}.html": town_page(snapshot, one) for code, one in advice.items()}
    made |= {tongue.page: language_page(snapshot, advice, tongue) for tongue in _tongues(snapshot)}
    if snapshot.ledger:
        made[CHECKPOINT] = snapshot.ledger.note.encode()
    made["lookup.json"] = _json(lookup_table(snapshot, advice))
    made["index.html"] = index_page(snapshot, advice)
    made["status.json"] = _json(status(snapshot))
    return made


def lookup_table(snapshot: Snapshot, advice: Mapping[str, Advice]) -> dict[str, Any]:
    """The table behind `/find` and for other people's programs."""
    return {
        **_head(snapshot),
        "languages": [tongues.plain(one) for one in _tongues(snapshot)],
        "towns": [one.plain() for one in advice.values()],
    }


def status(snapshot: Snapshot) -> dict[str, Any]:
    """What is on air, for machines; `state` is the worst of it: down, unconfirmed, test or clear."""
    alerts = [_alert_status(snapshot, alert) for alert in snapshot.on_air]
    documents = [
        {"identifier": one.identifier, "url": one.path, "sent": one.sent.isoformat()} for one in snapshot.documents
    ]
    sealed = snapshot.ledger
    ledger = {"size": sealed.size, "root": sealed.root, "at": sealed.at.isoformat()} if sealed else None
    made = {"state": overall(snapshot), "alerts": alerts, "documents": documents, "ledger": ledger}
    return {**_head(snapshot), **made}


def overall(snapshot: Snapshot) -> str:
    """The worst state of all alerts in one word."""
    states = {alert.state(snapshot.as_of) for alert in snapshot.on_air}
    if states & {AirState.DOWN, AirState.UPDATE_OVERDUE}:
        return "down"
    if AirState.EXPIRED_WITHOUT_ALL_CLEAR in states:
        return "unconfirmed"
    return "test" if AirState.TEST in states else "clear"


def index_page(snapshot: Snapshot, advice: Mapping[str, Advice]) -> bytes:
    """The front page: every alert with its towns and numbers, the form, and the list of towns."""
    alerts = [panel(snapshot, alert, advice) for alert in snapshot.on_air]
    return _render("index.html", snapshot, alerts=alerts, advice=list(advice.values()), overall=overall(snapshot))


def language_page(snapshot: Snapshot, advice: Mapping[str, Advice], tongue: Tongue) -> bytes:
    """The front page in one language: what is on air in it, the form, and the towns."""
    told = [
        (words, alert.state(snapshot.as_of) is AirState.EXPIRED_WITHOUT_ALL_CLEAR)
        for alert in snapshot.on_air
        for words in alert.translations
        if words.lang == tongue.lang
    ]
    return _render("language.html", snapshot, tongue=tongue, told=told, advice=list(advice.values()))


def town_page(snapshot: Snapshot, advice: Advice) -> bytes:
    """The page of one town; it changes only when its answer does."""
    told = {alert.alert: alert for alert in snapshot.on_air}
    alerts = [told[name] for name in (advice.alert, *advice.others) if name in told]
    spoken = speaking(snapshot, advice)
    return _render(
        "town.html",
        snapshot,
        one=advice,
        row=advice.plain(),
        alerts=alerts,
        tongue_at=_anchor,
        texts=spoken.texts[advice.town.code] if spoken else (),
        say=_phrase,
    )


def _phrase(snapshot: Snapshot, lang: str, name: str) -> str:
    return say(snapshot.phrases, lang, name)


def find_page(table: Mapping[str, Any], query: str, found: list[Mapping[str, Any]], lang: str = "") -> bytes:
    """What was found for a query, made from the published table alone (`lookup_table`), in a language that it has."""
    tongue = tongues.from_table(table, lang)
    facts = _facts(
        str(table["authority"]), Mode(table["mode"]), str(table["timezone"]), datetime.fromisoformat(table["as_of"])
    )
    return (
        _pages.get_template("find.html").render(**{**facts, "query": query, "found": found, "tongue": tongue}).encode()
    )


def stale_banner(as_of: datetime, timezone: str) -> bytes:
    """What takes the marker's place once a page has not been refreshed for a minute."""
    when = Wording(ZoneInfo(timezone)).full(as_of)
    return _pages.get_template("stale.html").render(when=when).encode()


def _head(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "as_of": snapshot.as_of.isoformat(),
        "changed": (snapshot.changed or snapshot.as_of).isoformat(),
        "stale_after_seconds": STALE_AFTER_SECONDS,
        "authority": snapshot.authority,
        "mode": snapshot.mode.value,
        "timezone": snapshot.timezone,
    }


def _alert_status(snapshot: Snapshot, alert: OnAir) -> dict[str, Any]:
    return {
        "id": alert.alert,
        "kind": alert.kind.value,
        "state": alert.state(snapshot.as_of).value,
        "failure": alert.failure,
        "headline": alert.headline,
        "paragraphs": list(alert.paragraphs),
        "began": alert.began.isoformat(),
        "issued": alert.issued.isoformat(),
        "expires": alert.expires.isoformat(),
        "next_update": alert.next_update.isoformat() if alert.next_update else None,
        "communities": [_town_status(answer) for answer in alert.communities],
    }


def _town_status(answer: TownAnswer) -> dict[str, Any]:
    return {
        "code": answer.code,
        "name": answer.name,
        "county": answer.county,
        "number": answer.number,
        "walk_in": answer.walk_in,
        "verified_on": answer.verified_on.isoformat() if answer.verified_on else None,
        "restored": answer.restored,
    }


def _facts(authority: str, mode: Mode, timezone: str, as_of: datetime) -> dict[str, Any]:
    when = Wording(ZoneInfo(timezone))
    banner = BANNERS.get(mode)
    return {
        "authority": authority,
        "mode": mode.value,
        "banner": banner,
        "when": when,
        "as_of": as_of,
        "tongues": (),
        "tongue": None,
        "tongue_at": _page_of,
    }


def _render(name: str, snapshot: Snapshot, **more: Any) -> bytes:
    facts = _facts(snapshot.authority, snapshot.mode, snapshot.timezone, snapshot.as_of)
    changed = snapshot.changed or snapshot.as_of
    told = {**facts, "tongues": _tongues(snapshot), "changed": changed, **more}
    return _pages.get_template(name).render(snapshot=snapshot, **told).encode()


def _tongues(snapshot: Snapshot) -> list[Tongue]:
    """The languages of the pages; what is said of a number that nobody has verified is a phrase for residents."""
    spoken = tongues.tongues(snapshot.books)
    return [replace(one, not_verified=say(snapshot.phrases, one.lang, "not_verified")) for one in spoken]


def rendered(name: str, **values: Any) -> bytes:
    """A template of the public folder, filled."""
    return _pages.get_template(name).render(**values).encode()


def _page_of(tongue: Tongue) -> str:
    return f"/{tongue.page}"


def _anchor(tongue: Tongue) -> str:
    return f"#{tongue.lang}"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
