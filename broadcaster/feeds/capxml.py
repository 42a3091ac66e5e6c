"""CAP 1.2 as bytes: one table of elements in schema order, one writer and one strict reader over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from lxml import etree

from broadcaster.feeds import capvalues as values
from broadcaster.feeds.capvalues import NAMESPACE, CapRefused
from broadcaster.feeds.xmldoor import parse_root

__all__ = ["DSIG", "format_time", "parse", "parse_root", "parse_time", "serialise"]

DSIG = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_DSIG_NAMESPACE = DSIG.removesuffix("Signature")
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_SPACE = "\t\n\r "
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([-+](?:0\d|1[0-4]):[0-5]\d)", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_INTEGER = re.compile(r"[-+]?\d{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """One child element: its tag, the field it fills, how often it may stand, and how its text is read and written."""

    tag: str
    field: str
    most: int | None = 1
    least: int = 0
    read: Callable[[etree._Element], Any] = lambda element: plain(element)
    write: Callable[[etree._Element, Any], None] = lambda element, value: _put(element, str(value))


def format_time(moment: datetime) -> str:
    """Whole seconds with a numeric offset; UTC is ``-00:00``, never ``Z`` (CAP 1.2 section 3.3.2)."""
    offset = moment.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        raise CapRefused(f"The time {moment.isoformat()} has no offset in whole minutes: CAP needs one.")
    sign = "-" if offset <= timedelta(0) else "+"
    minutes = abs(offset) // timedelta(minutes=1)
    local = moment.replace(tzinfo=None, microsecond=0).isoformat()
    return f"{local}{sign}{minutes // 60:02}:{minutes % 60:02}"


def parse_time(text: str) -> datetime:
    """The moment that a CAP time names, with its offset; CapRefused for any other form.

    24:00:00 is the next midnight, as in XML Schema.
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise CapRefused(f"“{text[:40]}” is no CAP time: write 2024-06-18T14:30:00-04:00.")
    date, clock, offset = match.groups()
    midnight = clock == "24:00:00"
    try:
        moment = datetime.fromisoformat(f"{date}T{'00:00:00' if midnight else clock}{offset}")
        moment += timedelta(days=midnight)
    except (ValueError, OverflowError) as error:
        raise CapRefused(f"“{text}” is no possible time.") from error
    away = moment.utcoffset()
    return moment.replace(tzinfo=timezone(away)) if away else moment.replace(tzinfo=UTC)


def plain(element: etree._Element) -> str:
    """The text of a leaf; CapRefused when it holds elements or attributes."""
    if len(element) or _attributes(element):
        raise CapRefused(f"<{_local(element)}> may hold text only.")
    return element.text or ""


def collapsed(element: etree._Element) -> str:
    """The text of a leaf whose type XML Schema reads without white space around it: times, numbers, addresses."""
    return " ".join(word for word in re.split(f"[{_SPACE}]+", plain(element)) if word)


def serialise(alert: values.Alert) -> bytes:
    """The message as UTF-8 XML without any white space between elements, so that it can be signed as it is."""
    namespaces: dict[str | None, str] = {None: NAMESPACE}
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap=namespaces)  # type: ignore[arg-type] # the stubs forget None
    _write(root, alert, ALERT)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="UTF-8")


def parse(data: bytes) -> values.Alert:
    """The message in a document, any that is valid by the schema of CAP 1.2; CapRefused says why there is none.

    Refused: what `xmldoor.parse_root` refuses, elements that CAP 1.2 does not know, that are out of order or too many,
    stray text, attributes other than ``xsi:``, unknown words in a closed list.
    Signatures are skipped, not verified: `signature.verify` does that, on the signed part.
    """
    return read(parse_root(data))


def read(root: etree._Element) -> values.Alert:
    """The message in an element that came through `parse_root`; the element is left without its signatures."""
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise CapRefused("The document is no CAP 1.2 alert.")
    while len(root) and str(root[-1].tag).startswith(_DSIG_NAMESPACE) and not (root[-1].tail or "").strip(_SPACE):
        root.remove(root[-1])
    return values.Alert(**_read(root, ALERT))


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _attributes(element: etree._Element) -> list[str]:
    """The attributes that CAP does not know; where to find a schema may be said on any element."""
    return [str(name) for name in element.attrib if not str(name).startswith(_XSI)]


def _put(element: etree._Element, text: str) -> None:
    try:
        element.text = text
    except ValueError as error:
        raise CapRefused(f"<{_local(element)}> holds a character that XML cannot carry.") from error


def _write(parent: etree._Element, value: object, table: Sequence[Piece]) -> None:
    for piece in table:
        held = getattr(value, piece.field)
        if piece.most is None and len(held) < piece.least:
            raise CapRefused(f"<{piece.tag}> is missing in <{_local(parent)}>.")
        for item in held if piece.most is None else () if held in ("", None, ()) and not piece.least else (held,):
            piece.write(etree.SubElement(parent, f"{{{NAMESPACE}}}{piece.tag}"), item)


def _read(parent: etree._Element, table: Sequence[Piece]) -> dict[str, Any]:
    """The fields of one element; the children are walked once, in the order of the table."""
    if _attributes(parent) or parent.xpath("boolean(text()[normalize-space()])"):
        raise CapRefused(f"<{_local(parent)}> holds stray text or attributes.")
    children = parent.iterchildren()
    child, fields = next(children, None), {}
    for piece in table:
        found: list[Any] = []
        while child is not None and child.tag == f"{{{NAMESPACE}}}{piece.tag}":
            if len(found) == piece.most:
                raise CapRefused(f"<{piece.tag}> stands too often in <{_local(parent)}>.")
            found.append(piece.read(child))
            child = next(children, None)
        if len(found) < piece.least:
            raise CapRefused(f"<{piece.tag}> is missing in <{_local(parent)}>.")
        if piece.most is None:
            fields[piece.field] = tuple(found)
        elif found:
            fields[piece.field] = found[0]
    if child is not None:
        raise CapRefused(f"<{_local(child)}> in <{_local(parent)}> is unknown, out of order or too many.")
    return fields


def _one_of(kind: Callable[[str], Any]) -> Callable[[etree._Element], Any]:
    return _read_as(kind, plain)


def _read_as(kind: Callable[[str], Any], text: Callable[[etree._Element], str]) -> Callable[[etree._Element], Any]:
    def read(element: etree._Element) -> Any:
        try:
            return kind(text(element))
        except CapRefused:
            raise
        except ValueError as error:
            raise CapRefused(f"“{text(element)[:40]}” is no <{_local(element)}> of CAP 1.2.") from error

    return read


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _height(tag: str) -> Piece:
    return Piece(tag, tag, read=_read_as(_decimal, collapsed), write=lambda element, feet: _put(element, f"{feet:f}"))


def _references(text: str) -> tuple[values.Reference, ...]:
    """Triples ``sender,identifier,sent`` separated by any XML white space; what is no triple is kept as it is."""
    found = []
    for word in re.split(f"[{_SPACE}]+", text.strip(_SPACE)):
        triple = word.split(",")
        if word:
            whole = len(triple) == 3 and all(triple)
            found.append(values.Reference(*triple) if whole else values.Reference("", word, ""))
    return tuple(found)


def _nested(kind: Callable[..., Any], table: Callable[[], Sequence[Piece]]) -> dict[str, Any]:
    return {
        "read": lambda element: kind(**_read(element, table())),
        "write": lambda element, value: _write(element, value, table()),
    }


def _timed(tag: str, least: int = 0) -> Piece:
    write = lambda element, moment: _put(element, format_time(moment))  # noqa: E731 - a cell of the table
    return Piece(tag, tag, least=least, read=_read_as(parse_time, collapsed), write=write)


def _write_references(element: etree._Element, references: Sequence[values.Reference]) -> None:
    words = [f"{one.sender},{one.identifier},{one.sent}" if one.is_triple else one.identifier for one in references]
    text = " ".join(words)
    if _references(text) != tuple(references):
        raise CapRefused("A message whose sender or identifier has a comma or a space cannot be referred to.")
    _put(element, text)


PAIR = (Piece("valueName", "name", least=1), Piece("value", "value", least=1))
_PAIR = _nested(values.NameValue, lambda: PAIR)
RESOURCE = (
    Piece("resourceDesc", "desc", least=1),
    Piece("mimeType", "mime_type", least=1),
    Piece("size", "size", read=_read_as(_integer, collapsed)),
    Piece("uri", "uri", read=collapsed),
    Piece("derefUri", "deref_uri"),
    Piece("digest", "digest"),
)
AREA = (
    Piece("areaDesc", "desc", least=1),
    Piece("polygon", "polygons", None),
    Piece("circle", "circles", None),
    Piece("geocode", "geocodes", None, **_PAIR),
    _height("altitude"),
    _height("ceiling"),
)
INFO = (
    Piece("language", "language", read=collapsed),
    Piece("category", "categories", None, 1, _one_of(values.Category)),
    Piece("event", "event", least=1),
    Piece("responseType", "response_types", None, 0, _one_of(values.ResponseType)),
    Piece("urgency", "urgency", 1, 1, _one_of(values.Urgency)),
    Piece("severity", "severity", 1, 1, _one_of(values.Severity)),
    Piece("certainty", "certainty", 1, 1, _one_of(values.Sureness)),
    Piece("audience", "audience"),
    Piece("eventCode", "event_codes", None, **_PAIR),
    _timed("effective"),
    _timed("onset"),
    _timed("expires"),
    Piece("senderName", "sender_name"),
    Piece("headline", "headline"),
    Piece("description", "description"),
    Piece("instruction", "instruction"),
    Piece("web", "web", read=collapsed),
    Piece("contact", "contact"),
    Piece("parameter", "parameters", None, **_PAIR),
    Piece("resource", "resources", None, **_nested(values.Resource, lambda: RESOURCE)),
    Piece("area", "areas", None, **_nested(values.AreaBlock, lambda: AREA)),
)
ALERT = (
    Piece("identifier", "identifier", least=1),
    Piece("sender", "sender", least=1),
    _timed("sent", 1),
    Piece("status", "status", 1, 1, _one_of(values.Status)),
    Piece("msgType", "msg_type", 1, 1, _one_of(values.MsgType)),
    Piece("source", "source"),
    Piece("scope", "scope", 1, 1, _one_of(values.Scope)),
    Piece("restriction", "restriction"),
    Piece("addresses", "addresses"),
    Piece("code", "codes", None),
    Piece("note", "note"),
    Piece("references", "references", read=_one_of(_references), write=_write_references),
    Piece("incidents", "incidents"),
    Piece("info", "infos", None, **_nested(values.Info, lambda: INFO)),
)
