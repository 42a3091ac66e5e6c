"""The certificates behind a signature: ours with its intermediates, a partner's pinned one, and how long they last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

DEMO_LIFE = timedelta(days=90)
WARN_AT_DAYS = (7, 30, 60)
"""FEMA's certificates are renewed by hand: say so in time (cap-ipaws.md section 4.1)."""
LONGEST_CHAIN = 5


class CertificateRefused(ValueError):
    """Certificates or a key that cannot be used; the message is a sentence that says what to do."""


def chain(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file, the signing one first; CertificateRefused when there is none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise CertificateRefused("There is no certificate in it: give a PEM file, the signing one first.") from error


@lru_cache(maxsize=8)
def check_pair(key_pem: bytes, cert_pem: bytes) -> rsa.RSAPrivateKey:
    """The key, read once: the check of its primes takes longer than twenty signatures. CertificateRefused unless it is
    the first certificate's, and each further one has issued the one before."""
    certificates = chain(cert_pem)
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateRefused("The key cannot be read: give a PEM file without a password.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CertificateRefused("The key is not RSA: IPAWS takes RSA-SHA256 signatures only.")
    if key.public_key() != certificates[0].public_key():
        raise CertificateRefused("The key does not belong to the first certificate: put the signing one first.")
    for below, above in pairwise(certificates):
        if not _issued(above, below):
            raise CertificateRefused("The intermediate certificates are out of order: each signs the one before it.")
    return key


def _issued(above: x509.Certificate, below: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue others."""
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def signer(pinned_pem: bytes, shown: Sequence[x509.Certificate], at: datetime) -> x509.Certificate:
    """The certificate to check a signature with: the pinned one, or the one shown that a pinned authority has issued.

    `shown` are those that came with the document, which count for nothing by themselves. CertificateRefused when no
    chain leads from the first of them to a pinned authority at that moment (RFC 5280).
    """
    pinned = chain(pinned_pem)
    leaves = [certificate for certificate in pinned if not is_authority(certificate)]
    if leaves:
        return leaves[0]
    if not 0 < len(shown) <= LONGEST_CHAIN:
        raise CertificateRefused("The signature shows no certificate, or too many, for the pinned authority.")
    policy = verification.PolicyBuilder().store(verification.Store(pinned)).time(at).max_chain_depth(LONGEST_CHAIN)
    rules = policy.extension_policies(
        ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=_may_sign()
    )
    try:
        found = rules.build_client_verifier().verify(shown[0], list(shown[1:]))
    except verification.VerificationError as error:
        raise CertificateRefused("No chain of certificates leads to the pinned authority.") from error
    return found.chain[0]


def _may_sign() -> verification.ExtensionPolicy:
    """A certificate that signs documents, not one of a web server: it needs no host name."""
    return verification.ExtensionPolicy.permit_all().may_be_present(
        x509.KeyUsage, verification.Criticality.AGNOSTIC, _signs
    )


def _signs(_: object, __: x509.Certificate, usage: x509.ExtensionType | None) -> None:
    if isinstance(usage, x509.KeyUsage) and not usage.digital_signature:
        raise ValueError("The certificate is not one for signatures.")


def expiry_warning(cert_pem: bytes, now: datetime, what: str = "CAP signing certificate") -> str:
    """A sentence from 60, 30 and 7 days before the first of the certificates ends, and after; ``""`` before that."""
    ends = min(certificate.not_valid_after_utc for certificate in chain(cert_pem))
    if ends <= now:
        return f"The {what} ended on {ends:%Y-%m-%d}: alerts signed with it will be refused. Renew it."
    days = (ends - now).days
    near = next((limit for limit in WARN_AT_DAYS if days <= limit), None)
    if near is None:
        return ""
    haste = {7: " Renew it today.", 30: " Renew it this week.", 60: " Ask for a new one."}[near]
    return f"The {what} ends in {days} days, on {ends.astimezone(UTC):%Y-%m-%d}.{haste}"


def make_demo_certificate(now: datetime, name: str = "Broadcaster demonstration") -> tuple[bytes, bytes]:
    """A new key and a self-signed certificate in PEM, good for 90 days; for demo and training only, never live."""
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
