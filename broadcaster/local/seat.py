"""A seat at the simulated IPAWS-OPEN: certificates, settings and the process, for the demo and `up` in demo mode."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.feeds import signature
from broadcaster.local.child import answers
from broadcaster.local.secret import write_secret
from broadcaster.local.supervisor import Service, listening

COG, USER = "120911", "state911"
PORT = 8924
PATH = "/IPAWS_CAPService/IPAWS"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and its certificate for a demo, made anew in the last week of its life."""
    key, cert = folder / f"{name}.key", folder / f"{name}.crt"
    now = datetime.now(UTC)
    if not cert.exists() or "today" in signature.expiry_warning(cert.read_bytes(), now):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key_pem, cert_pem = signature.make_demo_certificate(now)
        key.unlink(missing_ok=True)
        write_secret(key, key_pem.decode())
        cert.write_bytes(cert_pem)
    return key, cert


def settings(folder: Path, port: int) -> dict[str, str]:
    """What makes an installation sign its documents and post them to the simulator on a port of this machine."""
    (sign_key, sign_cert), (key, cert) = (certificate(folder, name) for name in ("cap-signing", "ipaws"))
    return {
        "CAP_SIGNING_KEY": str(sign_key),
        "CAP_SIGNING_CERT": str(sign_cert),
        "IPAWS_URL": f"http://127.0.0.1:{port}{PATH}",
        "IPAWS_COG_ID": COG,
        "IPAWS_USER": USER,
        "IPAWS_KEY": str(key),
        "IPAWS_CERT": str(cert),
    }


def simulator(env: Mapping[str, str], port: int) -> Service:
    """IPAWS-OPEN as a process; exercises go on air there, as in a laboratory."""
    words = [sys.executable, "-m", "broadcaster.local.ipaws", "--port", str(port), "--cog", COG, "--user", USER]
    words += ["--transport", env["IPAWS_CERT"], "--alert", env["CAP_SIGNING_CERT"]]
    words += ["--airs", "Actual", "--airs", "Exercise"]
    return Service("ipaws", words, env, listening(port))


def beside(env: dict[str, str], folder: Path) -> list[Service]:
    """The simulator for `up` in demo mode, with its settings put into the environment; none where IPAWS is set up or
    somebody has the port."""
    if env.get("IPAWS_URL") or answers(PORT):
        return []
    own = settings(folder, PORT)
    if env.get("CAP_SIGNING_CERT"):
        own = {name: value for name, value in own.items() if not name.startswith("CAP_SIGNING")}
    env.update(own)
    return [simulator(env, PORT)]
