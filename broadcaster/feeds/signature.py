"""The enveloped signature of a CAP document: RSA-SHA256 over exclusive canonical XML, as IPAWS-OPEN checks it.

What was signed is bytes: never write the document anew after signing, not even to indent it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
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

from broadcaster.feeds.capvalues import NAMESPACE
from broadcaster.feeds.capxml import DSIG, parse_root

DEMO_LIFE = timedelta(days=30)
WARN_AT_DAYS = (7, 30, 60)
"""FEMA's certificates are renewed by hand: say so in time (cap-ipaws.md section 4.1)."""


class SignatureRefused(ValueError):
    """A document that is not signed by the pinned certificate, or a key that cannot sign; the message is a sentence."""


def sign(document: bytes, key_pem: bytes, cert_pem: bytes) -> bytes:
    """The document with one ds:Signature as its last child; white space between elements is gone before signing."""
    root = etree.fromstring(etree.tostring(parse_root(document)), _tidy_parser())
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    try:
        signed = signer.sign(root, key=key_pem, cert=cert_pem.decode("ascii"))
    except (SignXMLException, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignatureRefused("The document cannot be signed: check CAP_SIGNING_KEY and CAP_SIGNING_CERT.") from error
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(signed, encoding="UTF-8")


def verify(document: bytes, cert_pem: bytes, at: datetime) -> bytes:
    """The signed part, to be read instead of the document; SignatureRefused unless this very certificate signed it.

    The certificate must be valid `at` that moment: now for what comes in, `sent` for what was kept.
    The signature must be the last child of the alert, there may be one only, and it must cover the whole alert
    (``URI=""``): nothing can be wrapped around it or slipped in beside it.
    """
    root = parse_root(document)
    signatures = list(root.iter(DSIG))
    if root.tag != f"{{{NAMESPACE}}}alert" or len(signatures) != 1 or signatures[0] is not root[-1]:
        raise SignatureRefused("The document must be one alert with one signature as its last child.")
    if [reference.get("URI") for reference in root.iter(f"{DSIG.removesuffix('Signature')}Reference")] != [""]:
        raise SignatureRefused("The signature must cover the whole alert.")
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        verification_time=at,
    )
    try:
        result = XMLVerifier().verify(root, x509_cert=cert_pem.decode("ascii"), expect_config=expected)
    except (SignXMLException, InvalidInput, ValueError) as error:
        raise SignatureRefused(f"The signature does not hold: {type(error).__name__}.") from error
    part = result[0] if isinstance(result, list) else result
    if part.signed_xml is None or part.signed_xml.tag != root.tag:
        raise SignatureRefused("The signature does not cover an alert.")
    return bytes(etree.tostring(part.signed_xml, encoding="UTF-8"))


def make_demo_certificate(now: datetime, name: str = "Broadcaster demonstration") -> tuple[bytes, bytes]:
    """A new key and a self-signed certificate in PEM, good for 30 days; for demo and training only, never live."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + DEMO_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    key_pem = key.private_bytes(serialization.Encoding.PEM, private, plain)
    return key_pem, certificate.public_bytes(serialization.Encoding.PEM)


def expiry_warning(cert_pem: bytes, now: datetime) -> str:
    """A sentence from 60, 30 and 7 days before the certificate ends, and after its end; ``""`` before that."""
    ends = x509.load_pem_x509_certificate(cert_pem).not_valid_after_utc
    if ends <= now:
        return f"The CAP signing certificate ended on {ends:%Y-%m-%d}: alerts signed with it will be refused. Renew it."
    days = (ends - now).days
    near = next((limit for limit in WARN_AT_DAYS if days < limit), None)
    if near is None:
        return ""
    haste = {7: " Renew it today.", 30: " Renew it this week.", 60: " Ask for a new one."}[near]
    return f"The CAP signing certificate ends in {days} days, on {ends.astimezone(UTC):%Y-%m-%d}.{haste}"


def _tidy_parser() -> etree.XMLParser:
    return etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True, load_dtd=False)


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
