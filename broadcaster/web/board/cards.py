"""What the board shows of each channel: a bar, its legend in words, and the line that says how it stands.

Accepted is not delivered: the two never share a colour or a word, and what no phone reported is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from broadcaster.alert.delivery import State
from broadcaster.receipts.counts import AgencyLine, Board, ChannelCount, CommunityCount, Tried
from broadcaster.said import Said, joined
from broadcaster.web.board.words import ENDED, NOTICES, REASONS, STANDS, TITLES, UNKNOWN

WORST = "worst"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar and its legend; `x` and `width` are in percent of what was planned."""

    name: str
    label: str
    number: int
    hint: str = ""
    x: float = 0.0
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Card:
    """One channel in one tier."""

    count: ChannelCount
    title: str
    stands: str
    parts: tuple[Part, ...]
    rounds: tuple[ChannelCount, ...] = ()

    @property
    def headline(self) -> int:
        """What a carrier has taken."""
        return self.count.counts.get(State.ACCEPTED, 0)

    @property
    def is_red(self) -> bool:
        """Whether somebody must look: held, or over with people whom nothing reached, or mail to agencies came back."""
        rejected, back = self.count.counts.get(State.REJECTED, 0), self.count.handsets.get("undelivered", 0)
        missed = rejected > 0 or (self.count.channel == "email" and back > 0)
        return self.count.state == "held" or (self.count.is_over and missed)


def cards(board: Board) -> list[Card]:
    """The newest fan-out of each channel and tier."""
    return [card(each, board.rounds(each)) for each in board.newest]


def earlier(board: Board) -> list[ChannelCount]:
    """The fan-outs that newer ones followed; further rounds of calls stand with the first."""
    newest = {one.fanout for each in board.newest for one in (each, *board.rounds(each))}
    return [each for each in board.channels if each.fanout not in newest]


def card(count: ChannelCount, rounds: Iterable[ChannelCount] = ()) -> Card:
    """The card of one fan-out, with the rounds of calls that it began."""
    title = TITLES.get((count.channel, count.tier)) or f"{count.channel} to {count.tier}"
    parts = tuple(_laid_out(_parts(count), count.planned or count.counted))
    return Card(count, title, stands(count), parts, tuple(rounds))


def stands(count: ChannelCount) -> str:
    """Where a fan-out stands, in words."""
    return ENDED.get(count.ended_as, STANDS["done"]) if count.is_over else STANDS[count.state]


def _taken(count: ChannelCount) -> list[Part]:
    """What a carrier has accepted, by what was heard of it afterwards."""
    state, phone = count.counts.get, count.handsets.get
    back = phone("undelivered", 0) + phone("failed", 0)
    accepted = [
        Part("accepted", Said("Accepted by the mail relay"), state(State.ACCEPTED, 0) - back),
        Part("undelivered", Said("Accepted, but came back"), back, Said("a mail server could not deliver it")),
    ]
    if count.channel == "feed":
        accepted = [Part("published", Said("Published"), state(State.ACCEPTED, 0))]
    elif count.channel == "ipaws":
        accepted = [
            Part("accepted", Said("Taken by IPAWS"), state(State.ACCEPTED, 0), Said("each channel's word is below"))
        ]
    elif count.channel == "sms":
        delivered = phone("delivered", 0)
        waiting = state(State.ACCEPTED, 0) - delivered - back
        accepted = [
            Part("delivered", Said("Delivered to the phone"), delivered),
            Part(
                "accepted",
                Said("Accepted, no word from the phone"),
                waiting,
                Said("the carrier has it; nobody knows more yet"),
            ),
            Part(
                "undelivered", Said("Accepted, but not delivered"), back, Said("the carrier could not reach the phone")
            ),
        ]
    elif count.channel == "voice":
        picked, machine = phone("delivered", 0), phone("sent", 0)
        waiting = state(State.ACCEPTED, 0) - picked - machine - back
        accepted = [
            Part("delivered", Said("Somebody picked up"), picked),
            Part("machine", Said("A machine has it"), machine, Said("nobody may have heard it yet")),
            Part("accepted", Said("Ringing, or no word of how it ended"), waiting),
            Part("undelivered", Said("Rang in vain"), back, Said("busy, not picked up, or not put through")),
        ]
    return accepted


def _parts(count: ChannelCount) -> list[Part]:
    state, left = count.counts.get, count.not_yet_reached
    said = [(f"{number:,}", REASONS.get(code, code)) for code, number in count.rejected_by_reason.items()]
    reasons = joined("; ", (joined(" ", pair) for pair in said))
    return [
        *_taken(count),
        Part(
            "under-way",
            Said("Being sent or waiting to be sent again"),
            state(State.SENDING, 0) + state(State.QUEUED, 0),
        ),
        Part("unknown", UNKNOWN.get(count.channel, Said("Unknown")), state(State.UNKNOWN, 0)),
        Part("rejected", Said("Rejected"), state(State.REJECTED, 0), reasons),
        Part("suppressed", Said("Said STOP"), state(State.SUPPRESSED, 0)),
        Part("superseded", Said("Superseded by a newer message"), state(State.SUPERSEDED, 0)),
        Part("expired", Said("Expired before their turn"), state(State.EXPIRED, 0)),
        Part("left", Said("Not yet reached"), left or 0, Said("counting") if left is None else ""),
    ]


ALWAYS = frozenset({"delivered", "accepted", "published", "rejected", "unknown", "left"})
"""Shown also at 0; the rest only when there is something to say."""


def _laid_out(parts: Iterable[Part], planned: int) -> Iterator[Part]:
    x = 0.0
    for part in parts:
        if part.number or part.name in ALWAYS:
            width = 100 * part.number / planned if planned else 0.0
            yield Part(part.name, part.label, part.number, part.hint, round(x, 3), round(width, 3))
            x += width


Column = Callable[[CommunityCount], tuple[float | str, ...]]


def _most(name: str) -> Column:
    return lambda place: (-place.counts.get(name, 0),)


COLUMNS: dict[str, tuple[str, Column]] = {
    "name": (Said("Community"), lambda place: ()),
    "planned": (Said("Planned"), lambda place: (-place.planned,)),
    "accepted": (Said("Accepted"), _most("accepted")),
    "delivered": (Said("Delivered"), lambda place: (-place.handsets.get("delivered", 0),)),
    "rejected": (Said("Rejected"), _most("rejected")),
    "suppressed": (Said("Said STOP"), _most("suppressed")),
    "unknown": (Said("Unknown"), _most("unknown")),
    "stopped": (Said("Superseded or expired"), lambda place: (-_stopped(place),)),
    WORST: (Said("Not reached"), lambda place: (-place.unreached, -place.planned)),
}
"""The table's columns and how each one sorts: most first, and by name among equals."""


def _stopped(place: CommunityCount) -> int:
    return place.counts.get(State.SUPERSEDED, 0) + place.counts.get(State.EXPIRED, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """A community in the table; `tone` is red where it is over and somebody was not reached."""

    place: CommunityCount
    cells: tuple[tuple[str, int], ...]
    tone: str


def rows(count: ChannelCount, by: str) -> list[Row]:
    """The communities of a fan-out, sorted by one of COLUMNS; the worst are those where it is over."""
    key = COLUMNS[by][1]
    made = sorted((_row(place, count) for place in count.per_community), key=lambda row: row.place.name)
    made.sort(key=lambda row: (by == WORST and row.tone != "is-red", key(row.place)))
    return made


def _row(place: CommunityCount, count: ChannelCount) -> Row:
    state = place.counts.get
    cells = (
        ("planned", place.planned),
        ("accepted", state(State.ACCEPTED, 0)),
        ("delivered", place.handsets.get("delivered", 0)),
        ("rejected", state(State.REJECTED, 0)),
        ("suppressed", state(State.SUPPRESSED, 0)),
        ("unknown", state(State.UNKNOWN, 0)),
        ("stopped", _stopped(place)),
        (WORST, place.unreached),
    )
    moving = place.waiting or state(State.SENDING, 0) or state(State.QUEUED, 0)
    if not place.planned:
        return Row(place, cells, "is-empty")
    if not place.unreached:
        return Row(place, cells, "")
    return Row(place, cells, "is-moving" if moving and count.state == "running" else "is-red")


def silent_agencies(board: Board) -> list[AgencyLine]:
    """Who has not acknowledged the newest notice: whoever has been silent for longest comes first, and among equals
    whom nobody is left to try, or nothing reached."""
    missing = [line for line in board.agencies if not line.is_current]
    return sorted(
        missing, key=lambda line: (line.since or board.as_of, not line.exhausted, _is_on_its_way(line), line.name)
    )


_OF_CALLS = {"sent": Said("a machine has it"), "delivered": Said("somebody picked up and pressed nothing")}


def tried_words(tried: Tried) -> str:
    """What became of the last contact that was tried, for people."""
    by = NOTICES.get(tried.channel, tried.channel)
    if tried.handset in ("undelivered", "failed") or tried.state in (State.REJECTED, State.EXPIRED):
        return joined(": ", (by, REASONS.get(tried.reason, tried.reason) or Said("not delivered")))
    if tried.channel == "voice" and tried.handset in _OF_CALLS:
        return joined(": ", (by, _OF_CALLS[tried.handset]))
    if tried.handset == "delivered":
        return Said("%(what)s delivered", what=by)
    return Said("%(what)s under way", what=by) if tried.state != State.ACCEPTED else Said("%(what)s accepted", what=by)


def _is_on_its_way(line: AgencyLine) -> bool:
    return line.state == State.ACCEPTED and not line.came_back


def answered_agencies(board: Board) -> list[AgencyLine]:
    """Who has acknowledged the newest mail, in the order of the day; those with trouble first."""
    done = [line for line in board.agencies if line.is_current and line.acknowledged_at]
    return sorted(done, key=lambda line: (line.answer not in ("jammed", "wrong"), str(line.acknowledged_at)))
