"""What it answers: both shapes of the answer to a post, the answers to questions, and Faults."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from broadcaster.local.ipaws.exchange import Posted, Status
from broadcaster.local.ipaws.group import Group

_OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
)
_CLOSING = "</soap:Body></soap:Envelope>"
_NAMES = (
    'xmlns:ns2="http://gov.fema.ipaws.services/IPAWS_CAPService/"'
    ' xmlns:ns4="http://gov.fema.ipaws.services/capresponse"'
)
Pair = tuple[str, str]


def to_a_post(identifier: str, statuses: Sequence[Status], shape: str) -> str:
    """The statuses in the shape of 2019, a string, or of the interface design guide 4, a list of items."""
    if shape == "string":
        said = "; ".join(f"{status.channel} {status.code} {status.words}" for status in statuses)
        return _whole("postCAPResponseTypeDef", f"<ns2:postCAPReturn>{escape(said)}</ns2:postCAPReturn>")
    pairs = [pair for status in statuses for pair in _pairs(status)]
    return _whole("postCAPResponseTypeDef", _item(("identifier", identifier)) + _subs(pairs))


def _pairs(status: Status) -> Iterable[Pair]:
    yield ("SENDINGGATEWAYID", status.gateway) if status.gateway else ("CHANNELNAME", status.channel)
    yield "STATUSITEMID", status.code
    yield "ERROR", "Y" if status.error else "N"
    yield "STATUS", status.words


def pong(_: Group) -> str:
    """The answer to PING."""
    return _whole("getResponseTypeDef", _item(("ACK", "PONG")))


def profile(group: Group) -> str:
    """What the group may send."""
    flags = {
        "cogEnabled": group.enabled,
        "easAuthorized": group.eas,
        "cmasAlertAuthorized": group.wea,
        "cmamTextAuthorized": group.wea,
        "publicAlertAuthorized": group.public,
        "caeAuthorized": False,
        "allEventCode": not group.events,
        "allGeoCode": not group.places,
    }
    said = [("cogid", group.cog), ("name", group.name), *((name, "Y" if yes else "N") for name, yes in flags.items())]
    events = _subs([(event, "Y") for event in group.events], "eventCodes")
    places = _subs([("geoCode", place) for place in group.places], "geoCodes")
    return _whole("getResponseTypeDef", "".join(map(_item, said)) + events + places)


def messages(posts: Iterable[Posted]) -> str:
    """The list of the group's messages."""
    return _whole(
        "getResponseTypeDef",
        "".join(
            _subs([("identifier", post.identifier), ("sender", post.sender), ("sent", post.sent)]) for post in posts
        ),
    )


def fault(code: str, words: str) -> str:
    """A Fault of SOAP 1.1."""
    inside = f"<faultcode>soap:{escape(code)}</faultcode><faultstring>{escape(words)}</faultstring>"
    return f"{_OPENING}<soap:Fault>{inside}</soap:Fault>{_CLOSING}"


def recent(posts: Iterable[Posted], loses: str = "") -> str:
    """Whole alerts, as the feeds of IPAWS give them; without each element of one name, if it `loses` one."""
    inside = "".join(post.xml for post in posts)
    if loses:
        inside = re.sub(rf"<{loses}>.*?</{loses}>", "", inside, flags=re.S)
    return f'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">{inside}</ns1:alerts>'


def _whole(name: str, inside: str) -> str:
    return f"{_OPENING}<ns2:{name} {_NAMES}>{inside}</ns2:{name}>{_CLOSING}"


def _item(pair: Pair) -> str:
    return f"<ns4:parameterListItem>{_named('parameter', pair)}</ns4:parameterListItem>"


def _subs(pairs: Sequence[Pair], name: str = "") -> str:
    subs = "".join(f"<ns4:subParaListItem>{_named('subParameter', pair)}</ns4:subParaListItem>" for pair in pairs)
    heading = f"<ns4:parameterName>{name}</ns4:parameterName>" if name else ""
    return f"<ns4:parameterListItem>{heading}{subs}</ns4:parameterListItem>" if pairs else ""


def _named(kind: str, pair: Pair) -> str:
    name, value = pair
    return f"<ns4:{kind}Name>{escape(name)}</ns4:{kind}Name><ns4:{kind}Value>{escape(value)}</ns4:{kind}Value>"
