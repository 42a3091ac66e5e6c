"""What an approver is paged with: the same question as a text, a call and a mail."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.messages.message import Message


@dataclass(frozen=True, slots=True)
class PageWords:
    """What waits: by whom it is asked, where it is, from which authority, and where it is read."""

    office: str
    what: str
    place: str
    author: str
    hour: str
    link: str
    digest: str
    practice: bool = False

    @property
    def _mark(self) -> str:
        return "TEST. " if self.practice else ""

    def text(self) -> Message:
        """One or two segments."""
        words = (
            f"{self._mark}{self.office}: APPROVE? {self.what}, {self.place}, by {self.author} at {self.hour}."
            f" Read and decide: {self.link}"
        )
        return Message("", words, "")

    def call(self) -> Message:
        """Spoken, without the link: that is in the text and the mail."""
        words = (
            f"{self._mark}This is {self.office}. An alert waits for your approval: {self.what}, {self.place}."
            " Open the desk, or the link in the text or the mail that we sent you, read it, and decide."
        )
        return Message("", words, "")

    def mail(self) -> Message:
        """With the hash of what is to be read."""
        subject = f"{self._mark}APPROVE? {self.what}, {self.place}"
        words = (
            f"{self.author} asked at {self.hour} for a second person's approval of: {self.what}, {self.place}.\n\n"
            f"Read it and decide here, after you have signed in:\n{self.link}\n\n"
            f"You are shown exactly what was frozen. Its hash: {self.digest}\n\n"
            "If you cannot, do nothing: others are being called too."
        )
        return Message(subject, words, "")


@dataclass(frozen=True, slots=True)
class ReviewWords(PageWords):
    """The same for a review that is overdue: `author` released it alone, at `hour`."""

    def text(self) -> Message:
        """One or two segments."""
        words = (
            f"{self._mark}{self.office}: REVIEW OVERDUE. {self.what}, {self.place}, released by {self.author} alone at"
            f" {self.hour}. Read it and say whether it is right: {self.link}"
        )
        return Message("", words, "")

    def call(self) -> Message:
        """Spoken, without the link."""
        words = (
            f"{self._mark}This is {self.office}. One person released an alert alone, and nobody has reviewed it yet:"
            f" {self.what}, {self.place}. Open the desk, read it, and say whether it is right."
        )
        return Message("", words, "")

    def mail(self) -> Message:
        """With the hash of what went out."""
        subject = f"{self._mark}REVIEW OVERDUE: {self.what}, {self.place}"
        words = (
            f"{self.author} released at {self.hour} without a second person: {self.what}, {self.place}.\n\n"
            f"Nobody has reviewed it within 15 minutes. Read it and say whether it is right:\n{self.link}\n\n"
            f"The hash of what went out: {self.digest}\n\n"
            "You are called again every 15 minutes until somebody has."
        )
        return Message(subject, words, "")
