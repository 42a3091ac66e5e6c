"""What became of an alert at IPAWS, channel by channel in words, or at the agency that has the state's seat there.

An acknowledgement says that a channel took the message for passing on; nobody reports which radios or phones had it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from broadcaster.feeds.cap import parse
from broadcaster.said import Said

CHANNELS = {
    "CAPEXCH": Said("Exchange"),
    "IPAWS": Said("Profile"),
    "EAS": Said("Radio and television (EAS)"),
    "CMAS": Said("Phones (WEA)"),
    "NWEM": Said("Weather radio (NWEM)"),
    "PUBLIC": Said("FEMA's public feed"),
}
REFUSED = {
    "207": Said("it refers to an alert that IPAWS does not have"),
    "208": Said("our signature does not hold"),
    "209": Said("it refers to an alert that has expired"),
    "213": Said("a circle in its area is wrong"),
    "214": Said("its area is outside of what our group may alert"),
    "221": Said("the message is not valid for the exchange"),
    "303": Said("it was older than five minutes when it arrived; send an update"),
    "307": Said("its references are wrong"),
}
CODES = {
    **{code: Said("refused: %(why)s", why=why) for code, why in REFUSED.items()},
    "200": Said("taken"),
    "201": Said("had it already under this identifier"),
    "202": Said("our signature holds"),
    "300": Said("fits the IPAWS profile"),
    "400": Said("taken for passing on"),
    "401": Said("not passed on"),
    "500": Said("taken for passing on"),
    "501": Said("not passed on"),
    "600": Said("taken for passing on"),
    "615": Said("not passed on: our group may not send this event to phones"),
    "10": Said("taken"),
    "800": Said("published"),
    "801": Said("not published"),
}
"""Status codes in the officer's words (cap-ipaws.md section 4.2)."""
PARTS = {
    "area": Said("its area"),
    "words": Said("its words"),
    "times": Said("its times"),
    "kind": Said("what kind of message it is"),
    "else": Said("something else of it"),
}
"""What of a published document may be another than was approved (feeds.echo), in the officer's words."""
AS_WE_ASKED = Said("not passed on: this message is not for it")
UNHEARD = Said(
    "IPAWS has the alert, but its answer was lost: what each channel did with it is not known here."
    " Look at the IPAWS message viewer, listen to the radio, or ask FEMA's operations centre."
)


@dataclass(frozen=True, slots=True)
class Outlet:
    """What one channel of IPAWS said to the newest post. `gateways` of phones: how many took it, of how many."""

    channel: str
    code: str
    error: bool
    words: str
    gateways: tuple[int, int] = (0, 0)

    @property
    def title(self) -> str:
        """The channel as people know it."""
        return CHANNELS.get(self.channel, self.channel)


@dataclass(frozen=True, slots=True)
class Posted:
    """The newest post of an alert: `unheard` says that IPAWS has it and what its channels did is not known."""

    revision_no: int
    state: str
    reason: str
    outlets: tuple[Outlet, ...]
    echo: str = ""
    """What a look at FEMA's public feed has found: same, differs, missing; or nothing yet."""
    others: tuple[str, ...] = ()
    """The parts of it that are published otherwise than they were approved."""
    looked_at: datetime | None = None

    @property
    def unheard(self) -> bool:
        """Whether IPAWS has it, and nothing else was heard."""
        return self.state == "accepted" and not {each.channel for each in self.outlets} - {"CAPEXCH"}


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The newest hand-off: since when, what the mail relay said, and the agency's answer; `aired_at` None with an
    answer means that it cannot."""

    revision_no: int
    since: datetime
    state: str
    handset: str
    answered_at: datetime | None
    aired_at: datetime | None
    note: str

    def minutes(self, now: datetime) -> int:
        """Minutes from the hand-off until it was on air, or until now."""
        return max(0, int(((self.aired_at or now) - self.since).total_seconds() // 60))

    def is_loud(self, now: datetime, after: float) -> bool:
        """Whether somebody must call them: they cannot, the mail failed, or `after` minutes passed without a word."""
        failed = self.state == "rejected" or self.handset in ("undelivered", "failed")
        return self.aired_at is None and (failed or self.answered_at is not None or self.minutes(now) >= after)


@dataclass(frozen=True, slots=True)
class Seat:
    """Both ways to IPAWS; None for the one that was not used."""

    posted: Posted | None = None
    handed: HandedOver | None = None

    def json(self) -> dict[str, Any]:
        """As plain values; moments stay moments."""
        return asdict(self)


_POSTED = text(
    "SELECT f.id, r.no, coalesce(d.state, f.state) AS state, coalesce(d.reason, '') AS reason,"
    "   (SELECT x.bytes FROM document x WHERE x.revision_id = r.id ORDER BY x.id LIMIT 1) AS document,"
    "   coalesce(e.verdict, '') AS echo, coalesce(e.parts, '') AS others, e.at AS looked_at"
    " FROM fanout f JOIN revision r ON r.id = f.revision_id LEFT JOIN delivery d ON d.fanout_id = f.id"
    " LEFT JOIN ipaws_echo e ON e.fanout_id = f.id"
    " WHERE r.alert_id = :a AND f.channel = 'ipaws' ORDER BY r.no DESC LIMIT 1"
)
_SAID = text(
    "SELECT s.channel, s.code, s.error, s.text, s.gateway FROM ipaws_status s WHERE s.fanout_id = :f"
    " AND s.n = (SELECT max(n) FROM ipaws_status WHERE fanout_id = :f) ORDER BY s.no"
)
_HANDED = text(
    "SELECT r.no AS revision_no, f.started_at AS since, coalesce(d.state, '') AS state,"
    "   coalesce(d.handset, 'none') AS handset, h.at AS answered_at, h.aired_at, coalesce(h.note, '') AS note"
    " FROM fanout f JOIN revision r ON r.id = f.revision_id LEFT JOIN delivery d ON d.fanout_id = f.id"
    " LEFT JOIN handoff_answer h ON h.fanout_id = f.id"
    " WHERE r.alert_id = :a AND f.channel = 'handoff' ORDER BY r.no DESC LIMIT 1"
)


def of(session: Session, alert: int) -> Seat:
    """What became of the newest post and of the newest hand-off of an alert."""
    post = session.execute(_POSTED, {"a": alert}).first()
    handed = session.execute(_HANDED, {"a": alert}).mappings().first()
    said = session.execute(_SAID, {"f": post.id}).all() if post else []
    return Seat(_posted(post, said) if post else None, HandedOver(**handed) if handed else None)


def _posted(post: Any, said: Sequence[Any]) -> Posted:
    outlets = tuple(_outlets(said, _blocked(post.document)))
    others = tuple(PARTS[part] for part in post.others.split(",") if part)
    return Posted(post.no, post.state, post.reason, outlets, post.echo, others, post.looked_at)


def _blocked(document: bytes | None) -> frozenset[str]:
    """The channels that our own document keeps itself from (BLOCKCHANNEL)."""
    if not document:
        return frozenset()
    return frozenset(name for info in parse(document).infos for name in info.parameters_named("BLOCKCHANNEL"))


def _outlets(rows: Sequence[Any], blocked: Collection[str]) -> Iterator[Outlet]:
    """One line for each channel and code; the gateways of phones are counted on the line of WEA.

    That a channel which we blocked does not carry it is no error.
    """
    heard = [row for row in rows if row.gateway]
    took = sum(not row.error for row in heard), len(heard)
    for row in rows:
        if not row.gateway:
            ours = row.error and row.channel in blocked
            words = AS_WE_ASKED if ours else CODES.get(row.code, row.text or f"status {row.code}")
            gateways = took if row.channel == "CMAS" else (0, 0)
            yield Outlet(row.channel, row.code, row.error and not ours, words, gateways)
