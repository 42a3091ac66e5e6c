"""The doctor looks at the certificate of the nightly export."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from broadcaster.local import doctor
from tests import onair
from tests.unit.dispatch.residents.test_nightly import KEY, NOON, certificate


@pytest.mark.parametrize(
    ("given", "works", "says"),
    [
        (None, None, "off: set EXPORT_CERT"),
        (b"nothing", False, "EXPORT_CERT is no certificate"),
        (certificate(KEY), True, f"good until {NOON + timedelta(days=900):%Y-%m-%d}"),
    ],
)
def test_the_certificate_of_the_nightly_export(
    given: bytes | None, works: bool | None, says: str, tmp_path: Path
) -> None:
    if given is not None:
        (tmp_path / "cert.pem").write_bytes(given)
    found = doctor._nightly(onair.settings(export_cert=tmp_path / "cert.pem" if given is not None else None))
    assert (found.works, says in found.sentence) == (works, True)
