"""What the doctor says of proxies before the desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcaster.local.doctor import examine

CASES = {
    "nothing before the desk": ("http://localhost:8911", "0", True, "0 before the desk"),
    "a proxy that nobody named": ("https://911.example", "0", False, "set it to 1"),
    "a proxy that is named": ("https://911.example", "1", True, "1 before the desk"),
    "the live desk without TLS": ("http://localhost:8911", "1", False, "set it to 0"),
    "the containers of a demo, without TLS": ("http://localhost:8911", "1", True, "1 before the desk"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_doctor_says_of_proxies(name: str, tmp_path: Path) -> None:
    outside, believed, works, sentence = CASES[name]
    env = {
        "MODE": "live" if "live" in name else "demo",
        "DATA_DIR": str(tmp_path),
        "PUBLIC_BASE_URL": outside,
        "TRUSTED_PROXIES": believed,
    }
    found = next(each for each in examine(env) if each.what == "proxies")
    assert found.works is works and sentence in found.sentence
