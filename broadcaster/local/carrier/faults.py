"""What can go wrong, as settings that change while the carrier runs, and the dice that decide when it does."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

# Exactly one of these can befall a POST, so one draw decides and their shares add up to at most 1.
REPLY_FAULTS = (
    "429",
    "5xx_accepted",
    "5xx_refused",
    "accept_then_hang",
    "accept_then_reset",
    "hang_refused",
    "bad_json",
)
# After these the message is in the ledger, whatever the client heard.
ACCEPTING = frozenset({"", "5xx_accepted", "accept_then_hang", "accept_then_reset", "bad_json"})


class FaultError(ValueError):
    """A setting that does not exist or cannot have this value; its text is a sentence for the caller."""


def _share(default: float, says: str) -> Any:
    return field(default=default, metadata={"says": says, "unit": "0..1", "most": 1.0})


def _amount(default: float, unit: str, says: str) -> Any:
    return field(default=default, metadata={"says": says, "unit": unit, "most": math.inf})


def _other(default: object, says: str) -> Any:
    return field(default=default, metadata={"says": says, "unit": ""})


@dataclass(frozen=True, slots=True)
class Faults:
    """Every knob; `share_*` and `callbacks_*` are probabilities. Zero switches a fault, a cap or a rate limit off."""

    latency_ms: float = _amount(0.0, "ms", "before every answer")
    latency_jitter_ms: float = _amount(0.0, "ms", "at most this much more")
    share_429: float = _share(0.0, "POSTs answered 429/20429, never accepted")
    retry_after: float = _amount(1.0, "s", "Retry-After of every 429")
    mps_cap: float = _amount(0.0, "POSTs/s", "more than this in one second: 429")
    max_concurrent: float = _amount(0.0, "POSTs", "more than this in flight: 429")
    share_5xx_accepted: float = _share(0.0, "accepted, but answered 500/20500")
    share_5xx_refused: float = _share(0.0, "not accepted, answered 500 or 503")
    share_accept_then_hang: float = _share(0.0, "accepted, the answer never comes")
    share_accept_then_reset: float = _share(0.0, "accepted, the connection is reset")
    share_hang_refused: float = _share(0.0, "not accepted, no answer either")
    share_bad_json: float = _share(0.0, "accepted, answered 201 with half a document")
    hang_s: float = _amount(60.0, "s", "how long a hanging connection is held")
    listing_lag_s: float = _amount(2.0, "s", "younger messages are not listed")
    listing_down: bool = _other(False, "listing and fetch answer 503")
    share_callbacks_dropped: float = _share(0.2, "status callbacks never sent")
    callbacks_reordered: float = _share(0.0, "status callbacks held back up to 1 s")
    callbacks_duplicated: float = _share(0.0, "status callbacks sent twice")
    share_undelivered: float = _share(0.0, "sent, then undelivered (30003, 30005, 30006)")
    share_failed: float = _share(0.0, "failed at sending (30008)")
    delivery_ms: float = _amount(400.0, "ms", "from sent to delivered, give or take half")
    sender_mps: float = _amount(0.0, "segments/s", "rate of a sender")
    sender_rates: str = _other("", "other rates by sender: +18885550911=3, 91199=100")
    cancel_queued: bool = _other(True, "queued messages can be canceled (Twilio's page promises scheduled ones only)")
    inbound_url: str = _other("", "where texts from phones are posted")
    call_answers: str = _other(
        "human",
        "who picks up: human, machine, busy, no-answer, failed, no-such-line; others by number: +1617=busy, human",
    )
    call_presses: str = _other("1", "the key that a person presses, by number as above; empty: none")
    call_rings_ms: float = _amount(50.0, "ms", "how long a call rings")
    events_url: str = _other("", "where events of bulk messages are posted")
    seed: float = _amount(1.0, "", "of the dice; setting it starts them again")


def changed(faults: Faults, updates: Mapping[str, object]) -> Faults:
    """The faults with some settings replaced; raises FaultError and changes nothing if one of them is wrong."""
    known = {each.name: each for each in dataclasses.fields(Faults)}
    values: dict[str, Any] = {}
    for name, value in updates.items():
        if name not in known:
            raise FaultError(f"There is no setting {name!r}; the settings are {', '.join(known)}.")
        values[name] = _value(known[name], value)
    result = dataclasses.replace(faults, **values)
    total = sum(_share_of(result, name) for name in REPLY_FAULTS)
    if total > 1.0 + 1e-9:
        raise FaultError(f"The shares of {', '.join(REPLY_FAULTS)} add up to {total:g}; at most 1 is possible.")
    rates(result)
    return result


def rates(faults: Faults) -> dict[str, float]:
    """Segments/s by sender out of `sender_rates`; raises FaultError if it is not `sender=rate, ...`."""
    found = {}
    for pair in filter(None, (part.strip() for part in faults.sender_rates.split(","))):
        sender, _, rate = pair.partition("=")
        try:
            found[sender.strip()] = float(rate)
        except ValueError:
            raise FaultError(f"sender_rates must read sender=rate, ...; {pair!r} does not.") from None
    return found


def _value(known: dataclasses.Field[Any], value: object) -> object:
    if isinstance(known.default, bool):
        return _boolean(known.name, value)
    if isinstance(known.default, str):
        if isinstance(value, str):
            return value
        raise FaultError(f"{known.name} must be a text.")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise FaultError(f"{known.name} must be a number, not {value!r}.") from None
    if not 0.0 <= number <= known.metadata["most"] or math.isinf(number):
        raise FaultError(f"{known.name} must be between 0 and {known.metadata['most']:g}, not {number:g}.")
    return number


def _boolean(name: str, value: object) -> bool:
    word = str(value).lower()
    if word not in {"true", "false", "1", "0", "on", "off"}:
        raise FaultError(f"{name} must be true or false, not {value!r}.")
    return word in {"true", "1", "on"}


def _share_of(faults: Faults, name: str) -> float:
    return float(getattr(faults, f"share_{name}"))


class Panel:
    """The faults in force and their dice; one stream of chance per concern, so that one does not shift another."""

    def __init__(self, faults: Faults) -> None:
        self._window = (0, 0)
        self._seed(faults)
        self._set(changed(faults, {}))

    def change(self, updates: Mapping[str, object]) -> Faults:
        """Replace some settings; raises FaultError and leaves all as it was if one is wrong."""
        self._set(changed(self.faults, updates))
        if "seed" in updates:
            self._seed(self.faults)
        return self.faults

    def draw(self) -> str:
        """The fault that befalls the next POST, or an empty text."""
        if not self._bands:
            return ""
        chance = self._replies.random()
        return next((name for edge, name in self._bands if chance < edge), "")

    def even(self) -> bool:
        """A fair coin."""
        return self._replies.random() < 0.5

    def pause(self) -> float:
        """Seconds to wait before the next answer."""
        faults = self.faults
        if not faults.latency_jitter_ms:
            return faults.latency_ms / 1000
        return (faults.latency_ms + faults.latency_jitter_ms * self._latency.random()) / 1000

    def over_cap(self, now: float) -> bool:
        """Counts one POST; whether it is beyond the cap of the second in which it came."""
        if not self.faults.mps_cap:
            return False
        second, seen = self._window
        seen = seen + 1 if second == int(now) else 1
        self._window = (int(now), seen)
        return seen > self.faults.mps_cap

    def rate(self, sender: str) -> float:
        """Segments/s of a sender; 0 is unlimited."""
        return self._rates.get(sender, self.faults.sender_mps)

    def _set(self, faults: Faults) -> None:
        self.faults = faults
        self._rates = rates(faults)
        edge, bands = 0.0, []
        for name in REPLY_FAULTS:
            share = _share_of(faults, name)
            edge += share
            if share:
                bands.append((edge, name))
        self._bands = bands

    def _seed(self, faults: Faults) -> None:
        self._replies, self._latency, self.handsets, self.callbacks = (
            Random(f"{faults.seed:g}/{concern}") for concern in ("replies", "latency", "handsets", "callbacks")
        )
