"""What somebody is paged with in a drill: that it is one, before anything else, in a text and a mail."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.alert.alert import FailureKind
from broadcaster.messages.message import Message
from broadcaster.said import Said

FAILS = {
    FailureKind.ALL_CALLS: Said("911 is down"),
    FailureKind.INTERMITTENT: Said("some 911 calls fail"),
    FailureKind.ONE_CARRIER: Said("one carrier cannot reach 911"),
    FailureKind.NO_LOCATION: Said("911 calls arrive without location"),
    FailureKind.TEXT_TO_911: Said("Text-to-911 is down"),
}
"""What fails, as a drill says it."""


@dataclass(frozen=True, slots=True)
class DrillWords:
    """What is practised: from which authority, what fails and where, and the page where it is done."""

    office: str
    failure: FailureKind
    place: str
    link: str
    practice: bool = False

    def to_issue(self) -> tuple[Message, Message]:
        """The text and the mail of whoever is asked to issue."""
        what = f"{FAILS[self.failure]} in {self.place}"
        text = f"{self._mark}{self.office}: {what}. Issue the alert now, as on the day: {self.link}"
        mail = (
            f"This is a drill: nothing has failed, and nobody outside hears of it.\n\n"
            f"{what[:1].upper()}{what[1:]}. Issue the alert now, as on the day:\n\n{self.link}\n\n"
            "If 911 really fails, leave the drill as it stands and start a real alert from the desk's first page.\n\n"
            f"{self.office}"
        )
        return Message("", text, ""), Message(f"{self._mark}Issue an alert: {what}", mail, "")

    def to_approve(self) -> tuple[Message, Message]:
        """The text and the mail of a second person."""
        what = f"{FAILS[self.failure]} in {self.place}"
        text = f"{self._mark}{self.office}: APPROVE? {what}. Read and decide, as on the day: {self.link}"
        mail = (
            f"This is a drill: nothing has failed, and nobody is told whatever you decide.\n\n"
            f"An alert waits for a second person: {what}. Read it and decide, as on the day:\n\n{self.link}\n\n"
            f"{self.office}"
        )
        return Message("", text, ""), Message(f"{self._mark}APPROVE? {what}", mail, "")

    @property
    def _mark(self) -> str:
        return "TEST. DRILL. " if self.practice else "DRILL. "
