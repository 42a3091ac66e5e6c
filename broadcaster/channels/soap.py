"""SOAP 1.1 with WS-Security X.509: one signed question, one answer read without trust.

The payload is put into the envelope as the bytes that it is: only the signature is made by a library, and the
envelope is never written anew after signing (cap-ipaws.md section 4.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
    SignatureReference,
    XMLSigner,
)

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
X509_TOKEN = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"  # noqa: S105 - a name
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
MOST_BYTES = 4_000_000
BODY_ID, TOKEN_ID = "body", "token"
_FORBIDDEN = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


class SoapRefused(ValueError):
    """An answer that is no SOAP 1.1 envelope; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: a private key and its certificate in PEM, the certificate first in its file."""

    key: bytes
    cert: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """The other side's refusal to answer: its code without a prefix, and its words."""

    code: str
    words: str


def signed(header: str, payload: bytes, identity: Identity) -> bytes:
    """An envelope with `header` beside the security header and `payload` as its Body, signed over the Body.

    ValueError when the key does not fit or cannot be read.
    """
    body = f'<soapenv:Body wsu:Id="{BODY_ID}">'.encode() + payload + b"</soapenv:Body>"
    opening = f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:wsu="{WSU}">'.encode()
    plain = opening + b"<soapenv:Header/>" + body + b"</soapenv:Envelope>"
    certificate = x509.load_pem_x509_certificate(identity.cert)
    signature = etree.tostring(_signature(etree.fromstring(plain, _parser()), identity))
    security = _security(certificate, signature)
    return opening + b"<soapenv:Header>" + security + header.encode() + b"</soapenv:Header>" + body + _CLOSING


_CLOSING = b"</soapenv:Envelope>"


def _signature(envelope: etree._Element, identity: Identity) -> etree._Element:
    signer = XMLSigner(
        method=SignatureConstructionMethod.detached,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    key_info = etree.fromstring(
        f'<ds:KeyInfo xmlns:ds="{DSIG}"><wsse:SecurityTokenReference xmlns:wsse="{WSSE}">'
        f'<wsse:Reference URI="#{TOKEN_ID}" ValueType="{X509_TOKEN}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
    )
    made: etree._Element = signer.sign(
        envelope, key=identity.key, reference_uri=[SignatureReference(URI=f"#{BODY_ID}")], key_info=key_info
    )
    return made


def _security(certificate: x509.Certificate, signature: bytes) -> bytes:
    pem = certificate.public_bytes(Encoding.PEM).decode("ascii")
    token = "".join(line for line in pem.splitlines() if not line.startswith("-"))
    return (
        (
            f'<wsse:Security xmlns:wsse="{WSSE}" soapenv:mustUnderstand="1">'
            f'<wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509_TOKEN}" wsu:Id="{TOKEN_ID}">{token}'
            "</wsse:BinarySecurityToken>"
        ).encode()
        + signature
        + b"</wsse:Security>"
    )


def element(prefix: str, name: str, text: str) -> str:
    """``<prefix:name>text</prefix:name>``, escaped."""
    return f"<{prefix}:{name}>{escape(text)}</{prefix}:{name}>"


def content(answer: str) -> etree._Element | Fault:
    """The one element in the Body of an answer, or its Fault; SoapRefused for anything else."""
    root = _root(answer)
    bodies = [child for child in root if child.tag == f"{{{ENVELOPE}}}Body"]
    if root.tag != f"{{{ENVELOPE}}}Envelope" or len(bodies) != 1:
        raise SoapRefused("The answer is no SOAP 1.1 envelope.")
    inside = [child for child in bodies[0] if isinstance(child.tag, str)]
    if len(inside) != 1:
        raise SoapRefused("The answer's Body must hold one element.")
    if local(inside[0]) == "Fault":
        return Fault(_leaf(inside[0], "faultcode").rpartition(":")[2], _leaf(inside[0], "faultstring"))
    return inside[0]


def _root(answer: str) -> etree._Element:
    if len(answer) > MOST_BYTES or _FORBIDDEN.search(answer):
        raise SoapRefused("The answer is too large, or declares a DOCTYPE or an entity.")
    try:
        return etree.fromstring(answer.encode(), _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SoapRefused("The answer is not well-formed XML.") from error


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )


def _leaf(parent: etree._Element, name: str) -> str:
    return next((text(child) for child in parent if local(child) == name), "")


def local(found: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(found).localname


def text(found: etree._Element) -> str:
    """The text of an element, on one line."""
    return " ".join("".join(str(part) for part in found.itertext()).split())


def leaves(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Name and text of every element that holds no other one, in document order."""
    return ((local(each), text(each)) for each in root.iter() if isinstance(each.tag, str) and not len(each))
