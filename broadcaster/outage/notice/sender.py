"""Whose a mail is: by the one header in which our own relay says so (RFC 8601), and by nothing that a sender can write.

What counts is the topmost ``Authentication-Results`` that bears our relay's name; the relay must take out whatever came
with that name (RFC 8601 section 5). All others, and what stands below, prove nothing. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage

from broadcaster.store.agencies.provider_notices import Proof
from broadcaster.values import MAIL_ADDRESS

HEADER = "authentication-results"
PASS = "pass"  # noqa: S105  # a word of RFC 8601
UNHARMED = frozenset({PASS, "none", "bestguesspass"})
"""What DMARC may say beside a passed DKIM signature: that there is no policy is no refusal."""
_TOKEN = re.compile(
    r'(?P<gap>\s+)|(?P<end>;)|(?P<equals>=)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<word>[^\s;="()\\]+)', re.S
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_AROUND_EQUALS = re.compile(r"(?<!\S)([\w./-]+)\s*=\s*")
_METHOD = re.compile(r"([a-z0-9-]+)(?:/1)?=([a-z]+)")
_PROPERTY = re.compile(r"([a-z]+\.[a-z0-9_-]+)=(.*)", re.S)
_SAFE = re.compile(r"[\w.@+/-]*")
_UNSAFE = "?"
"""In the place of a quoted text that is no address and no domain: it must not look like a part of the header."""


class _Garbled(ValueError):
    """A header that cannot be read for sure."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a mail: the address of its one ``From``, in lower case, and whether our relay has proved its domain;
    ``""`` where the mail names nobody, or more than one."""

    address: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class _Result:
    """One method's result and the properties that it speaks of, in lower case."""

    method: str
    result: str
    of: Mapping[str, str]


def author(mail: EmailMessage, relay: str) -> Author:
    """The author of a mail that our own relay took in; `relay` is its authserv-id, empty where there is none."""
    address = _address(mail)
    if not relay:
        return Author(address, Proof.NOT_SET_UP)
    said = _said(mail, relay)
    if not said or not address:
        return Author(address, Proof.NOT_SAID)
    return Author(address, Proof.PROVED if _passed(said, address.rpartition("@")[2]) else Proof.FAILED)


def _address(mail: EmailMessage) -> str:
    """Two readers must not see two authors: one line, and one ``@`` beside what stands in quotation marks."""
    lines = [str(value) for name, value in mail.raw_items() if name.strip().casefold() == "from"]
    if len(lines) != 1 or _QUOTED.sub("", lines[0]).count("@") != 1:
        return ""
    try:
        written = [address.addr_spec.lower() for address in mail["From"].addresses]
    except (MessageError, ValueError, IndexError, TypeError, AttributeError):  # a header that the parser breaks on
        return ""
    return written[0] if len(written) == 1 and MAIL_ADDRESS.fullmatch(written[0]) else ""


def _said(mail: EmailMessage, relay: str) -> list[_Result]:
    """What our relay says; nothing where it has written no header, or one that cannot be read.

    Below a header that cannot be read nothing is looked for: it may be ours, spoilt by what a sender has put into it.
    """
    for name, value in mail.raw_items():
        if name.casefold() != HEADER:
            continue
        try:
            first, *others = _plain(str(value)).lower().split(";")
        except _Garbled:
            return []
        who, *version = first.split() or [""]
        if who == relay.lower() and version in ([], ["1"]):
            return [result for phrase in others if (result := _result(phrase))]
    return []


def _passed(said: list[_Result], domain: str) -> bool:
    """Whether a signature of this very domain was good, or DMARC was; and DMARC has refused nothing."""
    if any(one.method == "dmarc" and one.result not in UNHARMED for one in said):
        return False
    return any(one.result == PASS and _domain(one) == domain for one in said)


def _domain(one: _Result) -> str:
    """The domain that a result is about."""
    if one.method == "dmarc":
        return one.of.get("header.from", "")
    if one.method != "dkim":
        return ""
    return one.of.get("header.d", "") or one.of.get("header.i", "").rpartition("@")[2]


def _result(phrase: str) -> _Result | None:
    """``method=result`` and its properties; None for what says anything twice or anything else between them."""
    first, *rest = phrase.split() or [""]
    method = _METHOD.fullmatch(first)
    properties: dict[str, str] = {}
    for word in rest:
        found = _PROPERTY.fullmatch(word)
        if found is None and not word.startswith(("reason=", "action=")):
            return None
        if found and found[1] in properties:
            return None
        if found:
            properties[found[1]] = found[2]
    return _Result(method[1], method[2], properties) if method else None


def _plain(value: str) -> str:
    """A header without comments and quotation marks, ``name=value`` without spaces in it. _Garbled when it is not
    ASCII, or a comment or a quotation does not end."""
    if not value.isascii() or "\0" in value:
        raise _Garbled
    return _AROUND_EQUALS.sub(r"\1=", "".join(_pieces(value)).strip())


def _pieces(value: str) -> Iterator[str]:
    at = 0
    while at < len(value):
        if value[at] == "(":
            at = _after_comment(value, at)
            yield " "
            continue
        found = _TOKEN.match(value, at)
        if found is None:
            raise _Garbled
        at = found.end()
        if found["quoted"] is not None:
            inner = re.sub(r"\\(.)", r"\1", found["quoted"][1:-1], flags=re.S)
            yield inner if _SAFE.fullmatch(inner) else _UNSAFE
        else:
            yield " " if found["gap"] else found[0]


def _after_comment(value: str, at: int) -> int:
    """Where a comment that begins at `at` is over; comments nest, and a backslash takes what follows as it stands."""
    depth = 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] in "()":
            depth += 1 if value[at] == "(" else -1
            if depth == 0:
                return at + 1
        at += 1
    raise _Garbled
