"""The authority's own copy of who is signed up: every night, sealed so that only the holder of its key reads it.

A CMS envelope (RFC 5652, AES-256) to the certificate EXPORT_CERT; the private key is never on this machine. An envelope
is not signed: its SHA-256 stands in the ledger.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography import x509
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.store import retention
from broadcaster.store.database import Sessions, now
from broadcaster.store.envelope import CannotSeal, certificate_of, envelope
from broadcaster.store.public import residents
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
LOOK_EVERY_S = 600.0
AT_HOUR = 3
"""Not before three in the morning, by the clock of the place."""
KEPT = timedelta(days=14)
SUFFIX = ".csv.p7m"


@dataclass
class Nightly:
    """The duty of the sweep: one file a night, and the ones of two weeks are kept."""

    sessions: Sessions
    sealer: Sealer
    certificate: Path
    folder: Path
    zone: ZoneInfo

    def look(self) -> Path | None:
        """Write tonight's file if it is time and it is not there; returns it. Not while an alert is open."""
        with self.sessions() as session:
            moment = now(session)
            busy = retention.an_alert_is_open(session)
        local = moment.astimezone(self.zone)
        file = self.folder / f"residents-{local:%Y-%m-%d}{SUFFIX}"
        if busy or local.hour < AT_HOUR or file.exists():
            return None
        try:
            self._write(file, certificate_of(self.certificate))
        except CannotSeal as error:
            log.error("nightly_export_failed", why=str(error))
            return None
        self._tidy(local)
        return file

    def _write(self, file: Path, certificate: x509.Certificate) -> None:
        with self.sessions() as session:
            plain, many = _table(session, self.sealer)
        sealed = envelope(plain, certificate)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        with part.open("wb") as out:
            out.write(sealed)
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
        with self.sessions.begin() as session:
            said = {"file": file.name, "rows": many, "sha256": sha256(sealed).hexdigest()}
            ledger.append(session, "sweep", "exported", "residents", said)
        log.info("nightly_export", rows=many, bytes=len(sealed))

    def _tidy(self, local: datetime) -> None:
        oldest = f"residents-{local - KEPT:%Y-%m-%d}{SUFFIX}"
        for old in self.folder.glob(f"residents-*{SUFFIX}"):
            if old.name < oldest:
                old.unlink()


def _table(session: Session, sealer: Sealer) -> tuple[bytes, int]:
    """The residents' file as `residents export` writes it, in memory only; about 60 bytes a resident."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(residents.COLUMNS)
    rows = sum(1 for row in residents.everyone(session, sealer) if table.writerow(row))
    return out.getvalue().encode(), rows
