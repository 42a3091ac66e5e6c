"""CAP 1.2 as bytes: one table of elements in schema order, one writer and one strict reader over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from lxml import etree

from broadcaster.feeds import capvalues as values
from broadcaster.feeds.capvalues import NAMESPACE, CapRefused

MOST_BYTES = 1_000_000
MOST_ELEMENTS = 5_000
DSIG = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_FORBIDDEN = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


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
    if offset is None:
        raise CapRefused(f"The time {moment.isoformat()} has no offset: CAP needs one.")
    sign = "-" if offset <= timedelta(0) else "+"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02}:{minutes % 60:02}"


def parse_time(text: str) -> datetime:
    """The moment that a CAP time names, with its offset; CapRefused for any other form."""
    if not _TIME.fullmatch(text):
        raise CapRefused(f"“{text[:40]}” is no CAP time: write 2024-06-18T14:30:00-04:00.")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CapRefused(f"“{text}” is no possible time.") from error
    offset = moment.utcoffset()
    return moment.replace(tzinfo=timezone(offset)) if offset else moment.replace(tzinfo=UTC)


def plain(element: etree._Element) -> str:
    """The text of a leaf; CapRefused when it holds elements or attributes."""
    if len(element) or element.attrib:
        raise CapRefused(f"<{_local(element)}> may hold text only.")
    return element.text or ""


def serialise(alert: values.Alert) -> bytes:
    """The message as UTF-8 XML without any white space between elements, so that it can be signed as it is."""
    namespaces: dict[str | None, str] = {None: NAMESPACE}
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap=namespaces)  # type: ignore[arg-type] # the stubs forget None
    _write(root, alert, ALERT)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="UTF-8")


def parse(data: bytes) -> values.Alert:
    """The message in a document; CapRefused says why there is none.

    Refused: more than 1 MB or 5,000 elements, any encoding but UTF-8, a DOCTYPE or an entity, elements that CAP 1.2
    does not know, that are out of order or too many, stray text, attributes, unknown words in a closed list.
    A signature is skipped, not verified: `signature.verify` does that, on the signed part.
    """
    root = parse_root(data)
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise CapRefused("The document is no CAP 1.2 alert.")
    for element in root.findall(DSIG):
        if element.getnext() is not None and element.getnext().tag != DSIG:  # type: ignore[union-attr]
            raise CapRefused("A signature must stand last.")
        root.remove(element)
    return values.Alert(**_read(root, ALERT))


def parse_root(data: bytes) -> etree._Element:
    """The root element of a small, harmless UTF-8 XML document; the one door through which XML comes in."""
    if len(data) > MOST_BYTES:
        raise CapRefused("The document is larger than 1 MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CapRefused("The document is not UTF-8.") from error
    if _FORBIDDEN.search(text):
        raise CapRefused("The document declares a DOCTYPE or an entity.")
    declared = re.match(r"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", text)
    if declared and declared[1].lower() not in ("utf-8", "us-ascii"):
        raise CapRefused(f"The document says that it is {declared[1][:20]}, not UTF-8.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise CapRefused(f"The document is not well-formed XML: {error.msg}.") from error
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise CapRefused(f"The document has more than {MOST_ELEMENTS} elements.")
    return root


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _put(element: etree._Element, text: str) -> None:
    try:
        element.text = text
    except ValueError as error:
        raise CapRefused(f"<{_local(element)}> holds a character that XML cannot carry.") from error


def _write(parent: etree._Element, value: object, table: Sequence[Piece]) -> None:
    for piece in table:
        held = getattr(value, piece.field)
        for item in held if piece.most is None else () if held in ("", None, ()) and not piece.least else (held,):
            piece.write(etree.SubElement(parent, f"{{{NAMESPACE}}}{piece.tag}"), item)


def _read(parent: etree._Element, table: Sequence[Piece]) -> dict[str, Any]:
    """The fields of one element; the children are walked once, in the order of the table."""
    if parent.attrib or (parent.text or "").strip() or any((child.tail or "").strip() for child in parent):
        raise CapRefused(f"<{_local(parent)}> holds stray text or attributes.")
    children, at, fields = list(parent), 0, {}
    for piece in table:
        start = at
        while at < len(children) and children[at].tag == f"{{{NAMESPACE}}}{piece.tag}":
            at += 1
        found = [piece.read(child) for child in children[start:at]]
        if len(found) < piece.least or (piece.most is not None and len(found) > piece.most):
            wrong = "is missing" if len(found) < piece.least else "stands too often"
            raise CapRefused(f"<{piece.tag}> {wrong} in <{_local(parent)}>.")
        if piece.most is None:
            fields[piece.field] = tuple(found)
        elif found:
            fields[piece.field] = found[0]
    if at < len(children):
        raise CapRefused(f"<{_local(children[at])}> in <{_local(parent)}> is unknown, out of order or too many.")
    return fields


def _one_of(kind: Callable[[str], Any]) -> Callable[[etree._Element], Any]:
    def read(element: etree._Element) -> Any:
        try:
            return kind(plain(element))
        except CapRefused:
            raise
        except ValueError as error:
            raise CapRefused(f"“{plain(element)[:40]}” is no <{_local(element)}> of CAP 1.2.") from error

    return read


def _references(text: str) -> tuple[values.Reference, ...]:
    """Triples ``sender,identifier,sent`` separated by any XML white space."""
    triples = [triple.split(",") for triple in text.split()]
    if any(len(triple) != 3 or not all(triple) for triple in triples):
        raise CapRefused("<references> must be triples of sender,identifier,sent.")
    return tuple(values.Reference(*triple) for triple in triples)


def _nested(kind: Callable[..., Any], table: Callable[[], Sequence[Piece]]) -> dict[str, Any]:
    return {
        "read": lambda element: kind(**_read(element, table())),
        "write": lambda element, value: _write(element, value, table()),
    }


def _timed(tag: str, least: int = 0) -> Piece:
    write = lambda element, moment: _put(element, format_time(moment))  # noqa: E731 - a cell of the table
    return Piece(tag, tag, least=least, read=_one_of(parse_time), write=write)


def _write_references(element: etree._Element, references: Sequence[values.Reference]) -> None:
    _put(element, " ".join(f"{one.sender},{one.identifier},{one.sent}" for one in references))


PAIR = (Piece("valueName", "name", least=1), Piece("value", "value", least=1))
_PAIR = _nested(values.NameValue, lambda: PAIR)
RESOURCE = (
    Piece("resourceDesc", "desc", least=1),
    Piece("mimeType", "mime_type", least=1),
    Piece("size", "size", read=_one_of(lambda text: str(int(text)))),
    Piece("uri", "uri"),
    Piece("derefUri", "deref_uri"),
    Piece("digest", "digest"),
)
AREA = (
    Piece("areaDesc", "desc", least=1),
    Piece("polygon", "polygons", None),
    Piece("circle", "circles", None),
    Piece("geocode", "geocodes", None, **_PAIR),
    Piece("altitude", "altitude"),
    Piece("ceiling", "ceiling"),
)
INFO = (
    Piece("language", "language"),
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
    Piece("web", "web"),
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
