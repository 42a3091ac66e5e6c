"""A mailbox that is read, an mbox file or a Maildir: every mail is read, and stays until that is committed. Bounces
arrive in one, providers' notices in another.

What was read is moved beside it afterwards, what is refused likewise and apart: nothing is deleted, and a crash at any
point only makes us read a mail again, which changes nothing.
"""

from __future__ import annotations

import mailbox
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.receipts.bounces import LARGEST, NoReport, Refused
from broadcaster.store.database import Sessions, only_one

log = logs.get(__name__)
T = TypeVar("T")
READ, REFUSED = "read", "refused"
AT_A_TIME = 100
"""Mails in one transaction."""
LONGEST_LINE = 64 * 1024
_MAILDIR = ("cur", "new", "tmp")


class Reader(Protocol):
    """Whoever reads the mails: NoReport for one that is nothing to them, Refused for one that is not read."""

    def take(self, session: Session, raw: bytes) -> object:
        """Read and keep one mail, in the caller's transaction; twice is once."""


@dataclass(frozen=True, slots=True)
class BounceMailbox:
    """A mailbox at `path`, looked into by one process at a time; `name` is that of its lock. Of a mail that is too
    large the beginning is read where it is `cut`; else it is refused."""

    path: Path
    sessions: Sessions
    desk: Reader
    name: str = "bounces.read"
    cut: bool = False

    def look(self) -> int:
        """Read every mail that is there; returns how many. OSError when the mailbox cannot be read or written."""
        with self.sessions.begin() as guard, only_one(guard, self.name) as alone:
            if not alone:
                return 0
            return self._maildir() if self.path.is_dir() else self._mbox()

    def _maildir(self) -> int:
        waiting = [mail for folder in ("new", "cur") for mail in sorted((self.path / folder).iterdir())]
        mails = [mail for mail in waiting if mail.is_file() and not mail.name.startswith(".")]
        for part in _in_parts(mails):
            ends = self._take([_content(mail, self.cut) for mail in part])
            for mail, end in zip(part, ends, strict=True):
                self._move(mail, end)
        return len(mails)

    def _move(self, mail: Path, end: str) -> None:
        """Into a subfolder as Maildir++ has them, marked as seen."""
        folder = self.path / f".{end.title()}"
        for name in _MAILDIR:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        mail.rename(folder / "cur" / f"{mail.name.partition(':')[0]}:2,S")

    def _mbox(self) -> int:
        reading = self._captured()
        if reading is None:
            return 0
        with reading.open("rb") as file:
            mails = list(_spans(file))
            ends: list[str] = []
            for part in _in_parts(mails):
                ends += self._take([_between(file, *span, self.cut) for span in part])
            for end in (READ, REFUSED):
                spans = [span for span, ended in zip(mails, ends, strict=True) if ended == end]
                _append(file, spans, self._beside(end))
        reading.unlink()
        return len(mails)

    def _captured(self) -> Path | None:
        """The mailbox's content in a file of our own: what a reader before us left half-read, or else what is new."""
        reading, taking = self._beside("reading"), self._beside("taking")
        if reading.exists():
            return reading
        if not self.path.exists() or not self.path.stat().st_size:
            return None
        box = mailbox.mbox(self.path, create=False)
        try:
            box.lock()
            shutil.copyfile(self.path, taking)
            _settled(taking).rename(reading)
            os.truncate(self.path, 0)
        except mailbox.ExternalClashError:
            log.info("bounce_mailbox_is_busy")
            return None
        finally:
            box.close()
        return reading

    def _beside(self, end: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{end}")

    def _take(self, mails: Sequence[bytes | None]) -> list[str]:
        """Read mails in one transaction; how each of them ended. None is a mail too large to be looked at."""
        with self.sessions.begin() as session:
            return [self._one(session, raw) for raw in mails]

    def _one(self, session: Session, raw: bytes | None) -> str:
        try:
            if raw is None:
                raise Refused("too_large")
            self.desk.take(session, raw)
        except NoReport as error:
            log.info("mail_is_no_report", why=error.why)
        except Refused as error:
            log.warning("mail_refused", why=error.why)
            return REFUSED
        except SQLAlchemyError:
            raise
        except Exception:  # one mail that we cannot read must not keep the others back
            log.exception("mail_refused", why="bug")
            return REFUSED
        return READ


def _in_parts(mails: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(mails), AT_A_TIME):
        yield mails[start : start + AT_A_TIME]


def _content(mail: Path, cut: bool) -> bytes | None:
    if mail.stat().st_size > LARGEST and not cut:
        return None
    with mail.open("rb") as file:
        return file.read(LARGEST)


def _spans(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Where each mail of an mbox begins and ends: at a ``From `` line after an empty one (RFC 4155)."""
    start, at, empty, whole = 0, 0, True, True
    while line := file.readline(LONGEST_LINE):
        if whole and empty and line.startswith(b"From ") and at > start:
            yield start, at
            start = at
        empty, whole = whole and not line.strip(b"\r\n"), line.endswith(b"\n")
        at += len(line)
    if at > start:
        yield start, at


def _between(file: BinaryIO, start: int, end: int, cut: bool) -> bytes | None:
    """A mail of an mbox without its ``From `` line; None when it is too large."""
    if end - start > LARGEST and not cut:
        return None
    file.seek(start)
    raw = file.read(min(end - start, LARGEST))
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def _append(file: BinaryIO, spans: Sequence[tuple[int, int]], to: Path) -> None:
    """Copy mails to the end of another mbox, and make sure that they are on the disk."""
    if not spans:
        return
    with to.open("ab") as kept:
        for start, end in spans:
            file.seek(start)
            left = end - start
            while left and (piece := file.read(min(left, LONGEST_LINE))):
                left -= kept.write(piece)
        kept.flush()
        os.fsync(kept.fileno())


def _settled(path: Path) -> Path:
    """The same file, on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path
