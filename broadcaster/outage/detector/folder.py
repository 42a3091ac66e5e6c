"""A folder, or one file, in which call counts arrive as CSV: each file is read whole or not at all, and moved aside.

A file is kept in the database before it is moved, so that a crash only makes us read it again, which changes nothing.
Whoever writes one writes it elsewhere and moves it in: what changed within the last second is left for the next look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.outage.detector import counting
from broadcaster.outage.detector.counting import BadCount
from broadcaster.store.outage import call_counts

log = logs.get(__name__)
READ, REFUSED = "read", "refused"
AT_A_TIME = 50
"""Files of one look."""
LARGEST = 64 * 1024 * 1024
SETTLED_S = 1.0
SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Folder:
    """Where files arrive: a folder of ``*.csv``, or one file that is put there again and again."""

    path: Path
    zone: ZoneInfo

    def take(self, session: Session, now: datetime) -> list[tuple[Path, str]]:
        """Keep what the files say; returns each with how it ended, to be moved once that is committed."""
        ids = call_counts.psap_ids(session)
        return [(file, self._one(session, file, ids, now)) for file in self._waiting(now)[:AT_A_TIME]]

    def move(self, taken: list[tuple[Path, str]]) -> None:
        """Put files aside. OSError when the folder cannot be written."""
        for file, end in taken:
            aside = self._home / end
            aside.mkdir(mode=0o700, exist_ok=True)
            file.rename(aside / f"{int(file.stat().st_mtime)}-{file.name}")

    @property
    def _home(self) -> Path:
        return self.path if self.path.is_dir() else self.path.parent

    def _waiting(self, now: datetime) -> list[Path]:
        found = sorted(self.path.glob("*.csv")) if self.path.is_dir() else [self.path]
        return [one for one in found if one.is_file() and now.timestamp() - one.stat().st_mtime >= SETTLED_S]

    def _one(self, session: Session, file: Path, ids: dict[str, int], now: datetime) -> str:
        try:
            if file.stat().st_size > LARGEST:
                raise BadCount("", "It is larger than 64 MB: send shorter files.")
            with file.open(encoding="utf-8-sig", newline="") as lines:
                reading = counting.read(lines, ids, self.zone, now)
        except BadCount as bad:
            return self._refused(file, [(1, str(bad))])
        if reading.refused:
            return self._refused(file, reading.refused)
        call_counts.put(session, reading.rows, now)
        log.info("call_counts_read", file=file.name, rows=len(reading.rows))
        return READ

    def _refused(self, file: Path, why: list[tuple[int, str]]) -> str:
        """Nothing of the file is kept; what is wrong with it lies beside it, and in the log."""
        log.error("call_counts_refused", file=file.name, line=why[0][0], why=why[0][1], rows=len(why))
        aside = self._home / REFUSED
        aside.mkdir(mode=0o700, exist_ok=True)
        report = aside / f"{int(file.stat().st_mtime)}-{file.name}.txt"
        report.write_text("".join(f"line {line}: {sentence}\n" for line, sentence in why[:SHOWN]), encoding="utf-8")
        report.chmod(0o600)
        return REFUSED
