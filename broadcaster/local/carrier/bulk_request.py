"""What a bulk request may say (Twilio, "Bulk Messaging API", Messages resource), and how it is read.

Twilio refuses a request as a whole or takes it as a whole; what is wrong with one recipient shows later, in that
recipient's message. Here a recipient is one phone, the content is a text, and a sender is a number or a pool: groups,
profiles, several addresses, templates, media and schedules are refused by name. Code 20001 stands for every wrong
request, because Twilio's pages name no codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from broadcaster.local.carrier.liquid import check

MOST_RECIPIENTS = 10_000
MOST_TAGS, LONGEST_TAG_KEY, LONGEST_TAG = 10, 128, 256
FIELDS = frozenset({"from", "to", "content", "tags"})
TAG_KEY = re.compile(rf"[A-Za-z0-9._~-]{{1,{LONGEST_TAG_KEY}}}")
POOL = re.compile(r"comms_senderpool_[0-7][a-hjkmnpqrstv-z0-9]{25,34}")


class RequestError(ValueError):
    """A request that cannot be taken; its text is a sentence for the caller."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone, and what its text says in place of each variable."""

    address: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """One text as a template, the phones it goes to, and its tags, which are templates too."""

    sender: str
    pool: str
    to: tuple[Recipient, ...]
    text: str
    tags: Mapping[str, str]


def read(raw: bytes) -> BulkRequest:
    """The request in a body; raises RequestError, or LiquidError for a template that cannot be rendered."""
    try:
        body = json.loads(raw)
    except ValueError:
        raise RequestError("The body must be JSON.") from None
    _need(isinstance(body, dict), "The body must be a JSON object.")
    unknown = sorted(body.keys() - FIELDS)
    _need(not unknown, f"This simulator does not know {', '.join(unknown)}.")
    sender, pool = _sender(body.get("from"))
    return BulkRequest(sender, pool, _recipients(body.get("to")), _text(body.get("content")), _tags(body.get("tags")))


def _sender(given: Any) -> tuple[str, str]:
    _need(isinstance(given, dict), "from must be {address, channel} or {senderPoolId}.")
    if "senderPoolId" in given:
        _need(_is(POOL, given["senderPoolId"]), "senderPoolId must be comms_senderpool_...")
        return "", given["senderPoolId"]
    _need(str(given.get("channel", "")).upper() == "SMS", "from.channel must be SMS.")
    _need(isinstance(given.get("address"), str), "from.address must be a text.")
    return given["address"], ""


def _recipients(given: Any) -> tuple[Recipient, ...]:
    _need(isinstance(given, list) and 0 < len(given) <= MOST_RECIPIENTS, f"to must hold 1 to {MOST_RECIPIENTS}.")
    return tuple(_recipient(each) for each in given)


def _recipient(given: Any) -> Recipient:
    _need(isinstance(given, dict) and isinstance(given.get("address"), str), "to must hold {address, channel}.")
    _need(str(given.get("channel", "")).upper() == "PHONE", "to.channel must be PHONE.")
    variables = given.get("variables") or {}
    _need(_all_texts(variables), "to.variables must be texts by name.")
    return Recipient(given["address"], variables)


def _text(given: Any) -> str:
    _need(isinstance(given, dict) and given.keys() == {"text"}, "content must be {text}.")
    text = given["text"]
    _need(isinstance(text, str) and bool(text.strip()), "content.text must be a text.")
    check(text)
    return str(text)


def _tags(given: Any) -> Mapping[str, str]:
    tags = {} if given is None else given
    _need(_all_texts(tags) and len(tags) <= MOST_TAGS, f"tags must be at most {MOST_TAGS} texts by name.")
    for key, value in tags.items():
        _need(_is(TAG_KEY, key), f"A tag's key is 1 to {LONGEST_TAG_KEY} letters, digits and . _ ~ -")
        _need(0 < len(value) <= LONGEST_TAG, f"A tag is 1 to {LONGEST_TAG} characters.")
        check(value)
    return dict(tags)


def _all_texts(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(value, str) for value in given.values())


def _is(shape: re.Pattern[str], given: Any) -> bool:
    return isinstance(given, str) and shape.fullmatch(given) is not None


def _need(true: bool, sentence: str) -> None:
    if not true:
        raise RequestError(sentence)
