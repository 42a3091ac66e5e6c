"""How it fails on request: so many of the next posts, or until it is switched off again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


class FaultError(ValueError):
    """A fault that is none; the message says what is allowed."""


@dataclass
class Faults:
    """Numbers are how many of the next posts it befalls; `hang_s` and `latency_ms` say how long.

    `accepted_*` posts are taken, and the answer is lost; `refused_*` ones are not taken. `down` answers nobody,
    `listing_down` and `ack_down` no such question. `shape` is items (guide 4) or string (2019); `codes` puts a code
    in the place of a channel's own, or of a gateway's as ``gateway:NAME``. `loses` names an element that the feeds
    give without, as an upload that lost its polygon.
    """

    accepted_hang: int = 0
    accepted_reset: int = 0
    accepted_500: int = 0
    accepted_garbage: int = 0
    refused_hang: int = 0
    refused_500: int = 0
    fault_certificate: int = 0
    fault_receiver: int = 0
    fault_client: int = 0
    down: bool = False
    listing_down: bool = False
    ack_down: bool = False
    listing_empty: bool = False
    hang_s: float = 30.0
    latency_ms: float = 0.0
    shape: str = "items"
    loses: str = ""
    codes: dict[str, str] = field(default_factory=dict)

    def change(self, updates: dict[str, Any]) -> dict[str, Any]:
        """Set some of them; returns all. FaultError says what cannot be."""
        known = {each.name: each for each in fields(self)}
        for name, value in updates.items():
            if name not in known:
                raise FaultError(f"There is no fault “{name}”: choose among {', '.join(sorted(known))}.")
            if type(value) is not type(getattr(self, name)) and not (
                isinstance(getattr(self, name), float) and isinstance(value, int)
            ):
                raise FaultError(f"{name} must be a {type(getattr(self, name)).__name__}.")
        for name, value in updates.items():
            setattr(self, name, value)
        return asdict(self)

    def draw(self, *names: str) -> str:
        """The first of these that is still to befall somebody, counted down; or empty."""
        for name in names:
            if left := int(getattr(self, name)):
                setattr(self, name, left - 1)
                return name
        return ""
