"""An IPAWS-OPEN for tests: a group with certificates made once, an exchange that judges, and our seat there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509

from broadcaster.channels.http import Door
from broadcaster.channels.ipaws import Ipaws, Seat
from broadcaster.feeds import signature
from broadcaster.local.ipaws import Group, Running, start_in_thread

COG, USER = "120911", "state911"
POSTED = ("CAPEXCH 200", "CAPEXCH 202", "IPAWS 300", "NWEM 400", "EAS 500", "CMAS 600", "PUBLIC 800")
"""What a whole success looks like, without the gateways."""


@cache
def pair(name: str) -> tuple[bytes, bytes]:
    """A key and its certificate, one pair for each name."""
    return signature.make_demo_certificate(datetime.now(UTC) - timedelta(hours=1), name)


def group(**changes: object) -> Group:
    """The state's group: it may send everything everywhere, and exercises air, as in a laboratory."""
    made = Group(COG, (USER,), (pair("transport")[1],), (pair("alert")[1],), airs=("Actual", "Exercise"))
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Credentials:
    """The files of our certificate; another process finds those that this one made."""

    folder: Path
    name: str = "transport"

    def seat(self, url: str, user: str = USER) -> Seat:
        """Our seat at an address."""
        key, cert = self.folder / f"{self.name}.key", self.folder / f"{self.name}.crt"
        if not cert.exists():
            key.write_bytes(pair(self.name)[0])
            cert.write_bytes(pair(self.name)[1])
        return Seat(url, COG, user, key, cert)


def ends(cert: Path) -> datetime:
    """When a certificate ends."""
    return x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc


@contextmanager
def exchange(**changes: object) -> Iterator[Running]:
    """An exchange that listens."""
    with start_in_thread(group(**changes)) as running:
        yield running


def channel(url: str, folder: Path, name: str = "transport", user: str = USER) -> Ipaws:
    """Our channel, pointed at an address."""
    return Ipaws(Credentials(folder, name).seat(url, user), Door(live=False))


def said(running: Running, no: int = -1) -> tuple[str, ...]:
    """What a post was answered, channel by channel, without the gateways."""
    return tuple(f"{each.channel} {each.code}" for each in running.posts()[no].statuses if not each.gateway)
