"""A CMS envelope (RFC 5652, AES-256) to the authority's certificate; its private key is never on this machine."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7


class CannotSeal(ValueError):
    """EXPORT_CERT cannot be used; the message says what to do."""


def certificate_of(path: Path) -> x509.Certificate:
    """The authority's certificate; CannotSeal when it is none, or its key is not RSA."""
    try:
        made = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise CannotSeal(f"EXPORT_CERT cannot be read ({error.strerror}): set it to a PEM certificate.") from error
    except ValueError as error:
        raise CannotSeal("EXPORT_CERT is no certificate: give one in PEM, with an RSA key.") from error
    if not isinstance(made.public_key(), rsa.RSAPublicKey):
        raise CannotSeal("EXPORT_CERT has no RSA key: an envelope needs one of at least 2048 bits.")
    return made


def envelope(plain: bytes, certificate: x509.Certificate) -> bytes:
    """The CMS envelope in DER; `openssl cms -decrypt -inform DER` opens it."""
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(plain).add_recipient(certificate)
    builder = builder.set_content_encryption_algorithm(algorithms.AES256)
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
