"""How a report is said: lengths of time, numbers, and the lines that stand alike in HTML, PDF, CSV and statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from broadcaster.outage.report.figures import Figure, Measure, Report
from broadcaster.outage.report.moments import SHARE
from broadcaster.said import Said, joined
from broadcaster.store.outage.report import Run

CHANNELS = {
    ("sms", "public"): Said("Texts to the public"),
    ("voice", "public"): Said("Calls to landlines"),
    ("sms", "agency"): Said("Texts to agencies"),
    ("email", "agency"): Said("Mail to agencies"),
    ("webhook", "agency"): Said("Notices to agencies' machines"),
    ("feed", "public"): Said("Public page and CAP feed"),
    ("ipaws", "public"): Said("IPAWS"),
    ("handoff", "public"): Said("Handed to the agency at IPAWS"),
}
KINDS = {
    "initial": Said("first alert"),
    "update": Said("update"),
    "number_change": Said("number change"),
    "restored_in_part": Said("restored in part"),
    "all_clear": Said("all-clear"),
    "false_alarm": Said("false alarm"),
}


def length(seconds: float) -> str:
    """``4.2 s``, ``40 s``, ``12 min``, ``2 h 05 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def minutes(value: float) -> str:
    """``0.4 min``, ``12 min``: as a reader compares them."""
    return f"{value:.1f} min" if value < 10 and value != round(value) else f"{round(value):,} min"


def value(figure: Figure) -> str:
    """A figure's number in words; one that has not come (yet) says so."""
    if figure.value is None:
        return Said("not so far") if figure.key.startswith(SHARE) else Said("never")
    return length(figure.value) if figure.unit == "seconds" else f"{round(figure.value):,}"


def settled(figure: Figure) -> str:
    """Whether it may still change, and why."""
    why = figure.preliminary
    return Said("Preliminary: %(why)s", why=why) if why else Said("Reconciled")


def exact(moment: datetime, zone: ZoneInfo) -> str:
    """``2:31:05 p.m.``"""
    there = moment.astimezone(zone)
    return f"{there.hour % 12 or 12}:{there:%M:%S} {'a.m.' if there.hour < 12 else 'p.m.'}"


def dated(moment: datetime, zone: ZoneInfo) -> str:
    """``Jun 18, 2:31:05 p.m.``"""
    there = moment.astimezone(zone)
    return f"{there:%b} {there.day}, {exact(moment, zone)}"


def percent(part: float, whole: float) -> str:
    """``97.3 %``; never 100 % while one is missing."""
    if not whole:
        return "0 %"
    shown = part / whole * 100
    return f"{min(shown, 99.9) if part < whole else 100:.3g} %"


def way(run: Run) -> str:
    """A fan-out as people know it."""
    name = CHANNELS.get((run.channel, run.tier), f"{run.channel}, {run.tier}")
    kind = KINDS.get(run.kind, run.kind)
    if run.purpose != "alert":
        return Said("%(way)s, %(kind)s (called again)", way=name, kind=kind)
    return joined(", ", (name, kind))


def headlines(report: Report) -> Iterator[tuple[str, str, str]]:
    """The few large numbers: (number, what it is, small print)."""
    by_key = {one.interval.key: one for one in report.measures}
    none = Said("never") if report.story.ended_at else Said("not yet")
    yield _interval(by_key.get("agencies"), Said("until the agencies were told"), none)
    yield _interval(by_key.get("public"), Said("until the public was told"), none)
    reached, people = report.figure("accepted"), report.figure("people")
    yield (
        percent(reached.value or 0, people.value or 0),
        Said("of the texts accepted by a carrier"),
        _marked(_of(reached, people), reached.preliminary),
    )
    most = report.figure(f"{SHARE}95")
    until = Said("from the approval until 95 %% of the texts")
    yield value(most), until, _marked(Said("accepted, not delivered"), most.preliminary)
    if report.is_false_alarm:
        yield _interval(by_key.get("corrected"), Said("until the false alert was taken back"), none)
    else:
        yield _interval(by_key.get("restored"), Said("from 911 restored to the all-clear"), none)
    told, answered = report.figure("agencies"), report.figure("acknowledged")
    yield _of(answered, told), Said("agencies acknowledged"), Said("preliminary") if answered.preliminary else ""


def _interval(measure: Measure | None, words: str, none: str) -> tuple[str, str, str]:
    if measure is None or measure.minutes is None:
        return none, words, ""
    target = minutes(measure.interval.target)
    small = Said("target %(minutes)s", minutes=target)
    late = Said("target %(minutes)s, missed", minutes=target)
    return minutes(measure.minutes), words, small if measure.in_time else late


def _marked(words: str, why: str) -> str:
    return Said("%(words)s, preliminary", words=words) if why else words


def _of(part: Figure, whole: Figure) -> str:
    return Said("%(number)s of %(all)s", number=value(part), all=value(whole))


def foot(report: Report, zone: ZoneInfo, told: Callable[[datetime], str] | None = None) -> Iterator[str]:
    """What stands under every report: how sure it is, and by what it can be proved; `told` says a moment otherwise than
    `dated`, in the reader's language."""
    if report.preliminary:
        yield Said("Preliminary: %(whys)s.", whys=joined("; ", report.preliminary))
    else:
        yield Said("Reconciled: sending is over, every outcome is known and the sums close.")
    chain = report.chain
    yield chain.sentence
    if chain.root and chain.sealed_at:
        yield Said(
            "Newest signed checkpoint: %(size)s events at %(moment)s, root %(root)s.",
            size=f"{chain.size:,}",
            moment=told(chain.sealed_at) if told else dated(chain.sealed_at, zone),
            root=chain.root,
        )
    yield Said("Accepted says that the carrier has a text, delivered that the phone reported it.")


def title(report: Report) -> str:
    """``After-action report: 911 outage, Ayer``."""
    story = report.story
    return Said("After-action report: %(title)s, %(place)s", title=story.title, place=story.place)
