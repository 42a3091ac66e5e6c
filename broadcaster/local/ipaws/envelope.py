"""A request as it came: the envelope, the WS-Security signature over its Body, and the alert inside, byte for byte."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import SignXMLException

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
SERVICE = "{http://gov.fema.ipaws.services/IPAWS_CAPService/}"
REQUEST = "{http://gov.fema.ipaws.services/caprequest}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ALERT = re.compile(rb"<(?:\w+:)?alert[\s>].*</(?:\w+:)?alert>", re.S)


class RequestRefused(ValueError):
    """A request that is answered with a Fault: its code and its words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(frozen=True)
class Request:
    """A request whose signature holds: who asks, and the one element in its Body."""

    user: str
    cog: str
    body: etree._Element
    alert: bytes


def read(raw: bytes, certificates: Sequence[bytes], now: float) -> Request:
    """The request; RequestRefused where it is malformed, not signed over its Body, or not by a known certificate."""
    root = parsed(raw)
    header, body = _one(root, f"{SOAP}Header"), _one(root, f"{SOAP}Body")
    signed = _verified(root, header, body, certificates, now)
    inside = list(signed)
    if len(inside) != 1:
        raise RequestRefused("Client", "The Body must hold one request.")
    login = _one(header, f"{SERVICE}CAPHeaderTypeDef")
    if login.get(f"{SOAP}mustUnderstand") != "1":
        raise RequestRefused("Client", "CAPHeaderTypeDef must be mustUnderstand.")
    found = _ALERT.search(raw)
    user, cog = (login.findtext(f"{SERVICE}{name}") or "" for name in ("logonUser", "logonCogId"))
    return Request(user, cog, inside[0], found[0] if found else b"")


def parsed(raw: bytes) -> etree._Element:
    """The root of a document; RequestRefused for what is no plain XML."""
    if re.search(rb"<!(DOCTYPE|ENTITY)", raw):
        raise RequestRefused("Client", "A document type is not allowed.")
    try:
        return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise RequestRefused("Client", "The request is not well-formed.") from error


def _one(parent: etree._Element, tag: str) -> etree._Element:
    found = [child for child in parent if child.tag == tag]
    if len(found) != 1:
        raise RequestRefused("Client", f"There must be one {etree.QName(tag).localname}.")
    return found[0]


def _verified(
    root: etree._Element, header: etree._Element, body: etree._Element, certificates: Sequence[bytes], now: float
) -> etree._Element:
    """The signed Body. The reference must lead to this very Body, and to nothing else with the same id."""
    security = _one(header, f"{WSSE}Security")
    token, signature = _one(security, f"{WSSE}BinarySecurityToken"), _one(security, f"{DSIG}Signature")
    if security.get(f"{SOAP}mustUnderstand") != "1":
        raise RequestRefused("InvalidSecurity", "The security header must be mustUnderstand.")
    certificate = _known(token.text or "", certificates, now)
    references = list(signature.iter(f"{DSIG}Reference"))
    here = body.get(WSU_ID)
    if len(references) != 1 or not here or references[0].get("URI") != f"#{here}":
        raise RequestRefused("FailedCheck", "The signature must be over the Body.")
    if [each.get("Algorithm") for each in references[0].iter(f"{DSIG}Transform")] != [EXC_C14N]:
        raise RequestRefused("FailedCheck", "The Body must be canonicalised exclusively.")
    if sum(here == value for each in root.iter() for value in each.attrib.values()) != 1:
        raise RequestRefused("FailedCheck", "The id of the Body stands twice.")
    return _checked(root, certificate, now)


def _checked(root: etree._Element, certificate: str, now: float) -> etree._Element:
    expected = SignatureConfiguration(
        location=f"./{SOAP}Header/{WSSE}Security/",
        expect_references=1,
        signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        verification_time=datetime.fromtimestamp(now, UTC),
    )
    try:
        result = XMLVerifier().verify(root, x509_cert=certificate, id_attribute="Id", expect_config=expected)
    except (SignXMLException, ValueError) as error:
        raise RequestRefused("FailedCheck", "The signature over the Body does not hold.") from error
    part = result[0] if isinstance(result, list) else result
    if part.signed_xml is None or part.signed_xml.tag != f"{SOAP}Body":
        raise RequestRefused("FailedCheck", "The signature is not over the Body.")
    signed: etree._Element = part.signed_xml
    return signed


def _known(token: str, certificates: Sequence[bytes], now: float) -> str:
    """The certificate of a token in PEM, if it is one of these and valid now."""
    try:
        given = x509.load_der_x509_certificate(base64.b64decode(token, validate=True))
    except ValueError as error:
        raise RequestRefused("InvalidSecurityToken", "The security token is no certificate.") from error
    moment = datetime.fromtimestamp(now, UTC)
    if not given.not_valid_before_utc <= moment <= given.not_valid_after_utc:
        words = "SOAPMessage signed with invalid certificate. Check validity date range of certificate."
        raise RequestRefused("Receiver", words)
    if all(given != x509.load_pem_x509_certificate(pem) for pem in certificates):
        raise RequestRefused("Receiver", "SOAPMessage signed with a certificate that is not registered.")
    return given.public_bytes(Encoding.PEM).decode("ascii")
