"""A provider's notice as the answering points get it, in writing and spoken: what 47 CFR 4.9(h) owes them, and no more.

NORS data (its number, circuits, user-minutes) and what we could not read stay with us. Nothing here is for the public.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.message import Message
from broadcaster.outage.notice.rule import Confidential, Open
from broadcaster.outage.notice.trust import NOT_PROVED
from broadcaster.store.agencies.provider_notices import NoticeKind

NAMES = {NoticeKind.INITIAL: "Initial", NoticeKind.UPDATE: "Update", NoticeKind.FINAL: "Final", None: "Not said"}

LONGEST_PLACE = 60
"""Characters of the places that a text names; more are read by its link."""


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A notice on its way to answering points: from which authority (`office` is its short name), and in whose hours;
    whether it is surely the provider's."""

    authority: str
    office: str
    zone: ZoneInfo
    said: Open
    confidential: Confidential
    practice: bool = False
    is_proved: bool = True

    @property
    def _mark(self) -> str:
        return ("TEST. " if self.practice else "") + ("" if self.is_proved else f"{NOT_PROVED}. ")

    def mail(self) -> Message:
        """The ten items, one a line; what the provider did not say is said to be unknown."""
        who = self.said.provider or "A provider"
        subject = f"{self._mark}911 outage notice of {who}" + (f", {self.said.ticket}" if self.said.ticket else "")
        lines = "\n".join(f"{name}: {value or 'not said'}" for name, value in self._items())
        said = f"{who} has told us" if self.is_proved else f"A mail in the name of {who} tells us"
        words = (
            f"{self._mark}{said} of an outage that may affect your answering point. We pass on what it said;"
            f" nobody here has confirmed it.\n\n{lines}\n\n"
            f"We have read this: {ACK_TOKEN}\n\n"
            "This is for your answering point. Please do not publish it; what the public is told comes from us.\n\n"
            f"{self.authority}"
        )
        return Message(subject, words, "")

    def call(self) -> Message:
        """Spoken: who, what, since when, until when, and where the rest is."""
        said, says = self.said, "says" if self.is_proved else "is said to say"
        parts = [
            f"{self._mark}This is {self.authority}, with a provider's notice of a 911 outage.",
            f"{said.provider or 'A provider'} {says}: {said.effect.rstrip('.') or 'an outage may affect 911'}.",
            f"Where: {_spoken(said.area)}." if said.area else "Where: not said.",
            f"Since {self._hour(said.began)}." if said.began else "",
            f"Expected back {self._hour(said.expected)}." if said.expected else "When it is back is not known.",
            "The whole notice is in the mail that we sent you.",
        ]
        return Message("", " ".join(part for part in parts if part), "")

    def text(self) -> Message:
        """For a phone, when nobody has answered the mail and the call: whose, where, and the link to the rest."""
        said, place = self.said, _spoken(self.said.area)
        where = f" ({place})" if 0 < len(place) <= LONGEST_PLACE else ""
        who = said.provider or "a provider"
        return Message("", f"{self._mark}{self.office}: 911 outage notice of {who}{where}. Read it: {ACK_TOKEN}", "")

    def _items(self) -> Iterator[tuple[str, str]]:
        said, secret = self.said, self.confidential
        contact = ", ".join(part for part in (secret.contact_name, secret.contact_phone, secret.contact_email) if part)
        yield "Unique identifier", said.ticket
        yield "Contact at the provider", contact
        yield "Provider", said.provider
        yield "Began", self._when(said.began)
        yield "Services affected", ", ".join(said.services)
        yield "Area affected", _spoken(said.area)
        yield "How it may affect 911", said.effect
        yield "Expected restoration", self._when(said.expected)
        yield "Best-known cause", secret.cause
        yield "Assessment", NAMES[said.kind]

    def _when(self, moment: datetime | None) -> str:
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M %Z") if moment else ""

    def _hour(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%B %d, %I:%M %p").replace(" 0", " ")


def _spoken(area: str) -> str:
    return ", ".join(line.strip(" ,;") for line in area.splitlines() if line.strip(" ,;"))
