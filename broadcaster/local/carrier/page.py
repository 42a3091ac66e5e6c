"""What the simulator's pages look like: the overview, the phones, a phone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from broadcaster.local.carrier.faults import Faults
from broadcaster.local.carrier.records import OUTBOUND, WAITING, Message
from broadcaster.local.carrier.style import SCRIPT, STYLE

LOST = frozenset({"failed", "undelivered", "canceled"})


def frame(title: str, content: str) -> str:
    """A whole document around some content; the content is HTML, the title is text."""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>
<link rel="icon" href="data:,"><style>{STYLE}</style></head><body>
<header><a href="/">Simulated carrier</a><small>No real text leaves this machine.</small>
<form action="/phones" role="search"><input name="number" type="search" placeholder="Find a number" required
 aria-label="Find a number" inputmode="tel"> <button>Find</button></form></header>
<main>{content}</main><script>{SCRIPT}</script></body></html>"""


def overview(summary: Mapping[str, Any], faults: Faults, phones: Sequence[Message], error: str = "") -> str:
    """The front page: counters and the latest phones (both live), and the faults as a form."""
    said = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    latest = _cards(phones) or "<p>No text has been sent yet.</p>"
    return frame(
        "Simulated carrier",
        f"""{said}<div data-live>{_tiles(summary)}<h2>Latest phones</h2>{latest}</div>
<h2>What goes wrong</h2><form method="post" action="/faults" class="card"><div class="knobs">{_knobs(faults)}</div>
<p><button>Set</button></p></form>""",
    )


def matches(number: str, phones: Sequence[Message]) -> str:
    """What a search found, when it was not exactly one phone."""
    found = _cards(phones) or "<p>No phone with this number has been texted.</p>"
    return frame(f"Phones: {number}", f"<h1>Phones with “{escape(number)}”</h1>{found}")


def phone(number: str, talk: Sequence[Message], opted_out: bool) -> str:
    """A phone with its conversation, and a box to answer from it."""
    state = '<small class="out">opted out (STOP)</small>' if opted_out else "<small>text messages</small>"
    to = next((each.sender for each in reversed(talk) if each.direction != "inbound" and each.sender), "")
    action = f"/phones/{quote(number)}/reply"
    word = "START" if opted_out else "STOP"
    return frame(
        f"Phone {number}",
        f"""<div class="handset"><div class="screen"><div class="top"><b>{escape(number)}</b>{state}</div>
<div class="talk" data-live aria-live="polite">{"".join(_bubble(each) for each in talk)}</div>
<form method="post" action="{action}" class="say"><input type="hidden" name="to" value="{escape(to)}">
<input name="body" aria-label="Reply" placeholder="Reply" maxlength="1600" autocomplete="off">
<button>Send</button><button class="{"quiet" if opted_out else "stop"}" name="word" value="{word}">{word}</button>
</form></div></div>""",
    )


def _tiles(summary: Mapping[str, Any]) -> str:
    statuses, callbacks = summary["by_status"], summary["callbacks"]
    doubles = len(summary["doubles"])
    tiles = [
        ("POSTs seen", summary["attempts"], ""),
        ("accepted", summary["accepted"], ""),
        ("phones", summary["distinct_to"], ""),
        ("waiting", sum(statuses.get(status, 0) for status in WAITING), ""),
        ("delivered", statuses.get("delivered", 0), "good"),
        ("texted twice", doubles, "bad" if doubles else ""),
        ("opted out", summary["opted_out"], ""),
        ("callbacks answered", callbacks.get("answered", 0), ""),
        ("callbacks dropped", callbacks.get("dropped", 0), ""),
        *((f"status {status}", statuses[status], "bad") for status in sorted(LOST & statuses.keys())),
        *((f"fault {name.replace('_', ' ')}", count, "bad") for name, count in sorted(summary["by_fault"].items())),
        *((f"answered {code}", count, "bad") for code, count in sorted(summary["by_code"].items())),
    ]
    cells = (
        f'<div class="tile {tone}"><b>{count:,}</b><span>{escape(label)}</span></div>' for label, count, tone in tiles
    )
    return f'<div class="tiles">{"".join(cells)}</div>'


def _cards(phones: Sequence[Message]) -> str:
    cards = (
        f'<a href="/phones/{quote(each.phone)}"><div class="card"><b>{escape(each.phone)}</b>'
        f"<p>{escape(each.body)}</p></div></a>"
        for each in phones
    )
    joined = "".join(cards)
    return f'<div class="phones">{joined}</div>' if joined else ""


def _knobs(faults: Faults) -> str:
    return "".join(_knob(each, getattr(faults, each.name)) for each in dataclasses.fields(Faults))


def _knob(known: dataclasses.Field[Any], value: object) -> str:
    name, says, unit = known.name, escape(known.metadata["says"]), escape(known.metadata["unit"])
    if isinstance(value, bool):
        options = "".join(
            f"<option{' selected' if value is choice else ''}>{str(choice).lower()}</option>"
            for choice in (True, False)
        )
        box = f'<select name="{name}">{options}</select>'
    else:
        shown = f"{value:g}" if isinstance(value, float) else escape(str(value))
        box = f'<input name="{name}" value="{shown}"{" inputmode=decimal" if isinstance(value, float) else ""}>'
    changed = ' class="set"' if value != known.default else ""
    return f"<label{changed}><b>{name}</b>{f' ({unit})' if unit else ''}{box}<small>{says}</small></label>"


def _bubble(message: Message) -> str:
    mine = " mine" if message.direction == "inbound" else ""
    lost = " lost" if message.status in LOST else ""
    clock = datetime.fromtimestamp(message.at, UTC).strftime("%H:%M:%S UTC")
    told = ""
    if message.direction == OUTBOUND:
        code = f" {message.error_code}" if message.error_code else ""
        plural = "" if message.segments == 1 else "s"
        told = (
            f" · {message.status}{code} · {message.segments} segment{plural} · from {message.sender or 'the service'}"
        )
    return (
        f'<div class="bubble{mine}{lost}">{escape(message.body)}</div>'
        f'<div class="when{mine}">{clock}{escape(told)}</div>'
    )
