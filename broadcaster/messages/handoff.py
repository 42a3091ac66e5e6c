"""What the agency with the state's seat at IPAWS is told, so that it can alert in our name within a minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from string import Template

from broadcaster.messages.book import ROOT
from broadcaster.messages.message import Message
from broadcaster.messages.template import plain

LINK = "%%AIRED_URL%%"
"""Stands in the mail where the address of the answer goes."""
NO_DOCUMENT = "No CAP document could be made for this alert: build one from the texts below."
DOCUMENT = (
    "The signed CAP document is attached (alert.cap.xml). Post it unchanged, or build your own from the texts below."
)


@dataclass(frozen=True, slots=True)
class WeaTexts:
    """The two texts of a language for phones: at most 90 and at most 360 characters."""

    lang: str
    short: str
    long: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What is handed over. `same` and `polygons` as CAP writes them; `document` is empty where none was made."""

    authority: str
    seat: str
    headline: str
    event: str
    same_event: str
    expires: str
    description: str
    instruction: str
    area: str
    same: Sequence[str]
    polygons: Sequence[str]
    wea: Sequence[WeaTexts]
    phone: str
    document: str
    test: bool = False


def mail(over: HandedOver) -> Message:
    """The mail: subject, text with LINK in it, and the document to attach."""
    values = {
        "authority": plain(over.authority),
        "seat": plain(over.seat or "Emergency management"),
        "mark": "EXERCISE, NOT A REAL EVENT. " if over.test else "",
        "headline": plain(over.headline),
        "event": over.event,
        "same_event": over.same_event,
        "expires": over.expires,
        "area": plain(over.area),
        "same": " ".join(over.same) or "none: use the names above",
        "polygons": "\n".join(over.polygons) or "none: use the SAME codes",
        "wea": "\n\n".join(_wea(texts) for texts in over.wea) or "none: phones are not to be alerted by this message",
        "script": _script(over),
        "phone": over.phone or "the watch of the 911 authority",
        "attached": DOCUMENT if over.document else NO_DOCUMENT,
        "link": LINK,
    }
    return Message(_template("subject").substitute(values).strip(), _template("body").substitute(values), over.document)


def _wea(texts: WeaTexts) -> str:
    return f"{texts.lang}, 90: {texts.short}\n{texts.lang}, 360: {texts.long}"


def _script(over: HandedOver) -> str:
    """What is read aloud on the phone: sentence by sentence, nothing that only an eye understands."""
    return " ".join(plain(part) for part in (over.description, over.instruction) if part)


@cache
def _template(part: str) -> Template:
    return Template((ROOT / "_handoff" / "en" / f"{part}.txt").read_text(encoding="utf-8"))
