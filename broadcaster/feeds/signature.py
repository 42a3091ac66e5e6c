"""The enveloped signature of a CAP document: RSA-SHA256 over exclusive canonical XML, as IPAWS-OPEN checks it.

What was signed is bytes: never write the document anew after signing, not even to indent it.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    InvalidInput,
    SignatureConfiguration,
    SignatureConstructionMethod,
    SignatureMethod,
    XMLSigner,
    XMLVerifier,
)
from signxml.exceptions import SignXMLException

from broadcaster.feeds import certificates
from broadcaster.feeds.capvalues import NAMESPACE
from broadcaster.feeds.capxml import DSIG, parse_root
from broadcaster.feeds.certificates import DEMO_LIFE, CertificateRefused, expiry_warning, make_demo_certificate

__all__ = ["DEMO_LIFE", "SignatureRefused", "expiry_warning", "make_demo_certificate", "sign", "verify"]

_NS = DSIG.removesuffix("Signature")
METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384,
    }
)  # fmt: skip
"""What partners may sign with; WMO's members use ECDSA. Never HMAC: its key would be the public certificate."""
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_CANONICAL = frozenset(method.value for method in CanonicalizationMethod)


class SignatureRefused(ValueError):
    """A document that is not signed by the pinned certificate, or a key that cannot sign; the message is a sentence."""


def sign(document: bytes, key_pem: bytes, cert_pem: bytes) -> bytes:
    """The document with one ds:Signature as its last child, with the signing certificate and its intermediates.

    White space between elements is gone before signing. SignatureRefused when key and certificates do not fit.
    """
    root = etree.fromstring(etree.tostring(parse_root(document)), _tidy_parser())
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    try:
        key = certificates.check_pair(key_pem, cert_pem)
        signed = signer.sign(root, key=key, cert=certificates.chain(cert_pem))
    except (CertificateRefused, SignXMLException, ValueError, TypeError, UnsupportedAlgorithm) as error:
        why = str(error) if isinstance(error, CertificateRefused) else "check CAP_SIGNING_KEY and CAP_SIGNING_CERT."
        raise SignatureRefused(f"The document cannot be signed with CAP_SIGNING_KEY: {why}") from error
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(signed, encoding="UTF-8")


def verify(document: bytes, pinned_pem: bytes, at: datetime) -> bytes:
    """The signed part, to be read instead of the document; SignatureRefused unless whom we pinned has signed it.

    `pinned_pem` is the partner's own certificate, or the authority that issues it; then whoever that authority has
    given a certificate can sign. It must be valid `at` that moment: now for what comes in, `sent` for what was kept.
    The signature must be the last child of the alert, there may be one only, and it must cover the whole alert
    (``URI=""``) through nothing but canonical XML: nothing can be wrapped around it or slipped in beside it.
    """
    root = parse_root(document)
    signatures = list(root.iter(DSIG))
    if root.tag != f"{{{NAMESPACE}}}alert" or len(signatures) != 1 or signatures[0] is not root[-1]:
        raise SignatureRefused("The document must be one alert with one signature as its last child.")
    _check_cover(root)
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        verification_time=at,
    )
    try:
        leaf = certificates.signer(pinned_pem, _shown(root[-1]), at)
        pem = leaf.public_bytes(Encoding.PEM).decode("ascii")
        result = XMLVerifier().verify(root, x509_cert=pem, expect_config=expected)
    except CertificateRefused as error:
        raise SignatureRefused(str(error)) from error
    except (SignXMLException, InvalidInput, etree.LxmlError, ValueError, TypeError, KeyError) as error:
        raise SignatureRefused(f"The signature does not hold: {type(error).__name__}.") from error
    part = result[0] if isinstance(result, list) else result
    if part.signed_xml is None or part.signed_xml.tag != root.tag:
        raise SignatureRefused("The signature does not cover an alert.")
    return bytes(etree.tostring(part.signed_xml, encoding="UTF-8"))


def _check_cover(root: etree._Element) -> None:
    if [reference.get("URI") for reference in root.iter(f"{_NS}Reference")] != [""]:
        raise SignatureRefused("The signature must cover the whole alert.")
    methods = [one.get("Algorithm", "") for one in root.iter(f"{_NS}Transform")]
    others = [method for method in methods if method != _ENVELOPED and method not in _CANONICAL]
    if others or methods.count(_ENVELOPED) != 1:
        raise SignatureRefused("The signature must cover the alert as it is, without transformations.")


def _shown(signature: etree._Element) -> list[x509.Certificate]:
    """The certificates that came along; CertificateRefused for one that cannot be read."""
    found = signature.findall(f"{_NS}KeyInfo/{_NS}X509Data/{_NS}X509Certificate")
    try:
        return [x509.load_der_x509_certificate(base64.b64decode(one.text or "")) for one in found]
    except (ValueError, binascii.Error) as error:
        raise CertificateRefused("A certificate in the signature cannot be read.") from error


def _tidy_parser() -> etree.XMLParser:
    return etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True, load_dtd=False)
