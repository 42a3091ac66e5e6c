"""IPAWS-OPEN's words and ours: its requests, both shapes of its answers, and what each status code means for us.

Sources: cap-ipaws.md section 4; the service description is not public, so names are read without their namespaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lxml import etree

from broadcaster.alert.delivery import StatusItem
from broadcaster.channels.contract import Accepted
from broadcaster.channels.errors import Ambiguous, Misconfigured, Rejected, SendError
from broadcaster.channels.soap import Fault, SoapRefused, element, leaves, local, text
from broadcaster.feeds.cog import CogProfile

SERVICE = "http://gov.fema.ipaws.services/IPAWS_CAPService/"
REQUEST = "http://gov.fema.ipaws.services/caprequest"
REPAIR_S = 30.0
"""A certificate that is refused is tried again this often until a person repairs it."""

CODES: Mapping[str, tuple[str, bool]] = {
    "200": ("CAPEXCH", False),
    "201": ("CAPEXCH", True),
    "202": ("CAPEXCH", False),
    "207": ("CAPEXCH", True),
    "208": ("CAPEXCH", True),
    "209": ("CAPEXCH", True),
    "213": ("CAPEXCH", True),
    "214": ("CAPEXCH", True),
    "221": ("CAPEXCH", True),
    "300": ("IPAWS", False),
    "303": ("IPAWS", True),
    "307": ("IPAWS", True),
    "400": ("NWEM", False),
    "401": ("NWEM", True),
    "500": ("EAS", False),
    "501": ("EAS", True),
    "600": ("CMAS", False),
    "615": ("CMAS", True),
    **{str(code): ("CMAS", True) for code in (*range(100, 109), 198, 199)},
    "10": ("CMAS", False),
    "800": ("PUBLIC", False),
    "801": ("PUBLIC", True),
}
"""Every documented status code: the channel that says it, and whether it is an error (cap-ipaws.md section 4.2)."""
WHOLE = ("CAPEXCH", "IPAWS")
"""What these two refuse is refused whole."""
OUTLETS = ("NWEM", "EAS", "CMAS", "PUBLIC")
"""The channels over which the public is told."""
DUPLICATE = "201"
_WHITE = re.compile(r"[\s,]+")
_CODE = re.compile(r"\b\d{2,3}\b")
_DONE = frozenset({"ACK", "SUCCESS", "OK"})


def header(user: str, cog: str) -> str:
    """The header that says who logs on, for which group."""
    return (
        f'<svc:CAPHeaderTypeDef xmlns:svc="{SERVICE}" soapenv:mustUnderstand="1">'
        f"{element('svc', 'logonUser', user)}{element('svc', 'logonCogId', cog)}</svc:CAPHeaderTypeDef>"
    )


def post_cap(document: str) -> bytes:
    """The Body of postCAP: the signed alert as it is stored, without its XML declaration."""
    alert = re.sub(r"\A\s*<\?xml[^>]*\?>\s*", "", document).strip()
    opening = f'<svc:postCAPRequestTypeDef xmlns:svc="{SERVICE}">'
    return f"{opening}{alert}</svc:postCAPRequestTypeDef>".encode()


def get_request(operation: str, parameters: Mapping[str, str] | None = None) -> bytes:
    """The Body of getRequest, such as getAck, getCOGProfile or getMessageList."""
    asked = "".join(
        f"<req:parameters>{element('req', 'parameterName', name)}{element('req', 'comparisonOp', 'equalto')}"
        f"{element('req', 'parameterValue', value)}</req:parameters>"
        for name, value in (parameters or {}).items()
    )
    return (
        f'<svc:getRequestTypeDef xmlns:svc="{SERVICE}" xmlns:req="{REQUEST}">'
        f"{element('req', 'requestAPI', 'REQUEST1')}{element('req', 'requestOperation', operation)}{asked}"
        "</svc:getRequestTypeDef>"
    ).encode()


def statuses(answer: etree._Element) -> tuple[StatusItem, ...]:
    """What an answer to postCAP says of each channel, in either shape; SoapRefused when it says nothing known."""
    returned = [text(each) for each in answer.iter() if isinstance(each.tag, str) and local(each) == "postCAPReturn"]
    found = tuple(_from_string(returned[0])) if returned else tuple(_from_items(answer))
    if not found:
        raise SoapRefused("The answer names no status that is known.")
    return found


def _from_items(answer: etree._Element) -> Iterator[StatusItem]:
    """The shape of the interface design guide 4: names and values, four of them a status, gateways after CMAS."""
    made: dict[str, str] = {}
    for name, value in _pairs(answer):
        if name in ("CHANNELNAME", "SENDINGGATEWAYID") or (name == "STATUSITEMID" and "STATUSITEMID" in made):
            yield from _item(made)
            made = {}
        made[name] = value
    yield from _item(made)


def _pairs(answer: etree._Element) -> Iterator[tuple[str, str]]:
    """Parameters and sub-parameters in document order, names in upper case."""
    name = ""
    for leaf, value in leaves(answer):
        if leaf.lower().endswith("parametername"):
            name = value.upper()
        elif leaf.lower().endswith("parametervalue") and name:
            yield name, value
            name = ""


def _item(made: Mapping[str, str]) -> Iterator[StatusItem]:
    if code := made.get("STATUSITEMID", ""):
        known = CODES.get(code, ("", False))
        said = made.get("ERROR", "").upper()
        gateway = made.get("SENDINGGATEWAYID", "")
        channel = made.get("CHANNELNAME", "").upper() or known[0] or "CAPEXCH"
        error = said.startswith("Y") if said else known[1]
        yield StatusItem(channel, code, error, made.get("STATUS", ""), gateway)


def _from_string(said: str) -> Iterator[StatusItem]:
    """The shape of 2019: one string, which is a word of success, or holds the codes that are documented."""
    codes = [code for code in _CODE.findall(said) if code in CODES]
    if not codes and said.upper() in _DONE:
        yield StatusItem("CAPEXCH", "200", False, said)
    for code in codes:
        yield StatusItem(CODES[code][0], code, CODES[code][1], said if len(codes) == 1 else "")


def judged(identifier: str, items: Sequence[StatusItem]) -> Accepted:
    """What the statuses mean for the one message: it is there, or a `SendError` says what is wrong.

    Some channels may fail while another one carries it: that is accepted, and each channel's word is kept. A
    duplicate identifier says that it is there (identifiers are unique for ever).
    """
    told = tuple(items)
    if any(item.code == DUPLICATE for item in told):
        return Accepted(identifier, told)
    refused = next((item for item in told if item.error and item.channel in WHOLE), None)
    if refused is not None:
        raise Rejected(refused.code, items=told)
    outlets = [item for item in told if item.channel in OUTLETS and not item.gateway]
    if outlets and all(item.error for item in outlets):
        raise Rejected("no_outlet", items=told)
    return Accepted(identifier, told)


def refusal(fault: Fault) -> SendError:
    """A Fault as one of our errors: what is about our certificate or our request has certainly not been processed.

    SOAP 1.1 section 4.4.1: a Client fault was not processed and must not be sent again unchanged.
    """
    if "certificate" in fault.words.lower() or fault.code in SECURITY:
        return Misconfigured("certificate", wait=REPAIR_S)
    if fault.code in ("Client", "Sender"):
        return Rejected("soap_client")
    if fault.code in ("MustUnderstand", "VersionMismatch"):
        return Misconfigured("soap_version", wait=REPAIR_S)
    return Ambiguous("soap_fault")


SECURITY = frozenset(
    {
        "FailedAuthentication",
        "FailedCheck",
        "InvalidSecurity",
        "InvalidSecurityToken",
        "SecurityTokenUnavailable",
        "UnsupportedAlgorithm",
        "UnsupportedSecurityToken",
    }
)
"""Fault codes of WS-Security 1.0 section 12."""


def identifiers(answer: etree._Element) -> frozenset[str]:
    """Every word of an answer to getMessageList: an identifier that is listed is among them, whatever its field."""
    return frozenset(word for _, value in leaves(answer) for word in _WHITE.split(value) if word)


def is_pong(answer: etree._Element) -> bool:
    """Whether an answer to getAck says PONG."""
    return ("ACK", "PONG") in {(name, value.upper()) for name, value in _pairs(answer)}


def profile(answer: etree._Element) -> CogProfile:
    """The profile of our group; SoapRefused when there is none. What is not said is unknown, and not refused."""
    pairs = list(_pairs(answer))
    said = dict(pairs)
    if "COGID" not in said:
        raise SoapRefused("The answer holds no COG profile.")
    return CogProfile(
        cog=said["COGID"],
        name=said.get("NAME", ""),
        enabled=_yes(said, "COGENABLED"),
        eas=_yes(said, "EASAUTHORIZED"),
        wea=_yes(said, "CMASALERTAUTHORIZED"),
        wea_text=_yes(said, "CMAMTEXTAUTHORIZED"),
        public=_yes(said, "PUBLICALERTAUTHORIZED"),
        every_event=said.get("ALLEVENTCODE", "").upper()[:1] in ("Y", "T"),
        every_place=said.get("ALLGEOCODE", "").upper()[:1] in ("Y", "T"),
        events=_tokens(answer, "EVENTCODES", r"[A-Z]{3}"),
        places=_tokens(answer, "GEOCODES", r"\d{6}"),
    )


def _yes(said: Mapping[str, str], name: str) -> bool | None:
    return said[name].upper()[:1] in ("Y", "T") if said.get(name) else None


def _tokens(answer: etree._Element, under: str, shape: str) -> tuple[str, ...]:
    """The codes of a list: in one value, or in the names or values of its sub-parameters."""
    lists = [item for item in answer.iter() if isinstance(item.tag, str) and local(item) == "parameterListItem"]
    here = [item for item in lists if any(value.upper() == under for _, value in leaves(item))]
    return tuple(dict.fromkeys(_fitting((value for item in here for _, value in leaves(item)), shape)))


def _fitting(values: Iterable[str], shape: str) -> Iterator[str]:
    return (word for value in values for word in _WHITE.split(value) if re.fullmatch(shape, word))
