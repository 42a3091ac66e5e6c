"""The form of a provider's notice: what it said on the telephone or in writing, as far as it said it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from werkzeug.datastructures import MultiDict

from broadcaster.messages.template import plain
from broadcaster.outage.notice.fields import CONFIDENTIAL, MOST_SERVICES
from broadcaster.outage.notice.rule import LONGEST, Confidential, Notice, Open
from broadcaster.said import Said
from broadcaster.store.agencies.provider_notices import NoticeKind
from broadcaster.store.alerting.drafts import Kept
from broadcaster.web import moments
from broadcaster.web.form.typed import local
from broadcaster.web.house import house
from broadcaster.web.moments import SLACK, Of

TEXTS = ("provider", "ticket", "kind", "services", "area", "effect", *CONFIDENTIAL)
TIMES = ("told_at", "discovered", "began", "expected")
NOTHING = Said("Write at least whose outage it is, or its ticket, and one thing that the provider said of it.")


@dataclass
class Typed:
    """The form as it was typed, and a sentence beside each field that cannot be used."""

    values: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    def refuse(self, name: str, sentence: str) -> None:
        """Note what is wrong with a field; the first sentence stays."""
        self.problems.setdefault(name, sentence)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form as it stands on the page: under `key` it is kept while somebody types, `known` since when; `kept` is
    what came back of it, `goes_on` the notice that it is a further word on, `outage` the record that it is about."""

    key: str
    known: datetime
    typed: Typed
    goes_on: str = ""
    outage: str = ""
    kept: Kept | None = None


def blank(provider: str = "", ticket: str = "", kind: str = NoticeKind.INITIAL.value) -> Typed:
    """A new notice, told now."""
    values = dict.fromkeys((*TEXTS, *TIMES), "")
    told = local(house().clock(), house().zone)
    return Typed({**values, "provider": provider, "ticket": ticket, "kind": kind, "told_at": told})


def typed(form: MultiDict[str, str]) -> Typed:
    """What was sent, or kept."""
    return Typed({name: form.get(name, "")[:LONGEST] for name in (*TEXTS, *TIMES)})


def read(sent: Typed) -> tuple[Notice, datetime] | None:
    """The notice and when we were told; None when there are problems."""
    words = {name: plain(sent.values[name]) for name in TEXTS}
    told = _moment(sent, "told_at", needed=True)
    times = {name: _moment(sent, name) for name in TIMES[1:]}
    opened = Open(
        provider=words["provider"],
        ticket=words["ticket"],
        kind=_kind(sent),
        services=tuple(dict.fromkeys(filter(None, map(plain, re.split(r"[\n,;]+", sent.values["services"])))))[
            :MOST_SERVICES
        ],
        area="\n".join(filter(None, map(plain, sent.values["area"].splitlines()))),
        effect=words["effect"],
        **times,
    )
    notice = Notice(opened, Confidential(**{name: words[name] for name in CONFIDENTIAL}))
    if not notice.is_readable:
        sent.refuse("provider", NOTHING)
    return None if sent.problems or told is None else (notice, told)


def _kind(sent: Typed) -> NoticeKind | None:
    try:
        return NoticeKind(sent.values["kind"]) if sent.values["kind"] else None
    except ValueError:
        sent.refuse("kind", Said("Choose initial, update or final."))
        return None


def _moment(sent: Typed, name: str, *, needed: bool = False) -> datetime | None:
    text = sent.values[name].strip()
    if not text:
        if needed:
            sent.refuse(name, Said("Fill in date and time."))
        return None
    try:
        of = Of.AHEAD if name == "expected" else Of.PAST
        moment = moments.typed(text, house().zone, house().clock(), of)
    except ValueError:
        sent.refuse(name, Said("“%(typed)s” is no date with a time: write it like 2026-06-18T13:15.", typed=text[:40]))
        return None
    if name != "expected" and moment > house().clock() + SLACK:
        sent.refuse(name, Said("That is in the future: check the time."))
    return moment
