"""The binder, a duty of the sweep: every night with the residents, and soon after the directory has changed without.

It is written beside the place that it belongs to and renamed, so that there is a whole one or none. A disk that is full
or a stick that is not there is said loudly and stops nothing else.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.directory import boundaries as areas
from broadcaster.directory import table
from broadcaster.directory import town_shapes as places
from broadcaster.outage.binder.file import RELEASE, SHAPES, Packer
from broadcaster.outage.binder.page import Pages, call_table, html, script_text
from broadcaster.store import retention
from broadcaster.store.binder import binders, carried
from broadcaster.store.binder.binders import Bound, Standing
from broadcaster.store.database import Sessions, now
from broadcaster.store.envelope import CannotSeal, certificate_of
from broadcaster.store.places import boundaries, directory_files, directory_history, town_shapes
from broadcaster.store.sealed import Sealer
from broadcaster.store.sealed_stream import Recipients
from broadcaster.store.timeline.signed_note import Signer

log = logs.get(__name__)
LOOK_EVERY_S = 15.0
AT_HOUR = 3
"""Not before three in the morning, by the clock of the place."""
KEPT = 14
AGAIN_AFTER = timedelta(minutes=10)
SUFFIX = ".zip.sealed"
ROWS = 2000
"""Rows of a table that are handed on together."""
READ_ME = """The binder of {authority}, made {made:%Y-%m-%d %H:%M} UTC.

binder.html    open it with any browser; it needs no server and no network
call-down.csv  whom to phone in which order, county by county
directory.csv  every town, number, PSAP and agency
scripts        what to read to callers and give to radio stations, in every language
cap            CAP messages to hand to the agency that can post them
release        what `broadcaster binder load` needs to send from a laptop (not in a folder made by `binder open`)

This holds phone numbers of people: do not hand it on, and delete it when the night is over.
"""


@dataclass
class Binders:
    """Makes, keeps and prunes binders. `pages` gives what the page shows, by session and moment; `carried` are the
    settings that travel. They stand in `folder`, or where that cannot be written, in `at_hand`."""

    sessions: Sessions
    sealer: Sealer
    signer: Signer
    pages: Callable[[Session, datetime], Pages]
    carried: Mapping[str, str]
    folder: Path
    at_hand: Path
    zone: ZoneInfo
    certificate: Path | None = None
    passphrase: str = ""
    _not_before: datetime | None = field(default=None, init=False)

    def look(self) -> Path | None:
        """Make the binder that is due; returns its file. The residents are read while no alert is open."""
        with self.sessions() as session:
            moment = now(session)
            stands, busy = binders.standing(session), retention.an_alert_is_open(session)
            version = directory_history.newest(session)
        self._bring(stands)
        if self._not_before and moment < self._not_before:
            return None
        whole = not busy and self._is_night(stands, moment)
        changed = stands.newest is not None and stands.newest.directory != version
        return self.make(whole=whole) if whole or changed else None

    def _is_night(self, stands: Standing, moment: datetime) -> bool:
        """Whether tonight's is still to be made; the very first one does not wait for the night."""
        if stands.whole is None:
            return True
        local = moment.astimezone(self.zone)
        return local.hour >= AT_HOUR and stands.whole.at.astimezone(self.zone).date() < local.date()

    def make(self, *, whole: bool) -> Path | None:
        """Make one now, `whole` with the residents; None when it cannot be made anywhere, which is said loudly."""
        to, troubles = self._recipients()
        file = None
        for folder in dict.fromkeys((self.folder, self.at_hand)) if to.certificate or to.passphrase else ():
            try:
                file = self._make(folder, to, whole=whole)
                break
            except OSError as error:
                troubles.append(_why(folder, error))
        self._say(troubles, made=file is not None)
        return file

    def _recipients(self) -> tuple[Recipients, list[str]]:
        """To whom it is sealed; a certificate that cannot be used leaves the passphrase, and is said."""
        try:
            return Recipients(certificate_of(self.certificate) if self.certificate else None, self.passphrase), []
        except CannotSeal as error:
            return Recipients(None, self.passphrase), [str(error)]

    def _say(self, troubles: Sequence[str], *, made: bool) -> None:
        """Into the log and the ledger, after the binder itself: so the desk shows it until the next one is good."""
        with self.sessions.begin() as session:
            self._not_before = None if made else now(session) + AGAIN_AFTER
            if troubles:
                log.error("binder_failed", why=troubles[0])
                binders.failed(session, troubles[0])

    def _bring(self, stands: Standing) -> None:
        """What had to be kept at hand goes to its place as soon as that is there again."""
        wanted = {one.file: one for one in (stands.whole, stands.newest) if one}
        late = [name for name in wanted if (self.at_hand / name).exists() and not (self.folder / name).exists()]
        if not late or not self.folder.is_dir():
            return
        try:
            for name in late:
                part = self.folder / f"{name}.part"
                shutil.copyfile(self.at_hand / name, part)
                part.chmod(0o600)
                part.rename(self.folder / name)
        except OSError as error:
            log.error("binder_not_brought", why=_why(self.folder, error))
            return
        with self.sessions.begin() as session:
            for one in wanted.values():
                binders.made(session, one)
        log.info("binder_brought", files=late)

    def _make(self, folder: Path, to: Recipients, *, whole: bool) -> Path:
        if folder == self.at_hand:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.sessions() as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            moment, stands = now(session), binders.standing(session)
            residents = "" if whole or stands.whole is None else stands.whole.file
            file = folder / self._name(moment, whole=not residents)
            part = file.with_suffix(".part")
            try:
                version = self._write(session, part, to, moment, residents)
                part.rename(file)
            except BaseException:
                with suppress(OSError):  # what could not be written may not be removable either
                    part.unlink(missing_ok=True)
                raise
        bound = _bound(file, moment, version, residents)
        with self.sessions.begin() as session:
            binders.made(session, bound)
        log.info("binder", file=file.name, bytes=bound.bytes, whole=bound.whole)
        _prune(folder)
        return file

    def _name(self, moment: datetime, *, whole: bool) -> str:
        local = moment.astimezone(self.zone)
        return f"binder-{local:%Y-%m-%d}{'' if whole else f'T{local:%H%M%S}'}{SUFFIX}"

    def _write(self, session: Session, part: Path, to: Recipients, moment: datetime, residents: str) -> int:
        """Everything, into a file that is not there yet; returns the version of the directory in it."""
        version, pages = directory_history.newest(session), self.pages(session, moment)
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            packer = Packer(out, to, self.signer)
            for path, data in _readable(session, pages):
                packer.add(path, [data])
            for path, data in self._small(session):
                packer.add(RELEASE + path, [data])
            packer.add(f"{RELEASE}stops.csv", _table(carried.STOP_COLUMNS, carried.stops(session)))
            if not residents:
                rows = carried.residents(session, self.sealer)
                packer.add(f"{RELEASE}residents.csv", _table(carried.RESIDENT_COLUMNS, rows))
            packer.close(moment, pages.mode.value, version, residents)
            out.flush()
            os.fsync(out.fileno())
        return version

    def _small(self, session: Session) -> Iterator[tuple[str, bytes]]:
        yield "settings.json", _json(dict(self.carried))
        yield "people.json", _json(carried.people(session, self.sealer))
        yield "wordings.json", _json(carried.wordings(session))


def _readable(session: Session, pages: Pages) -> Iterator[tuple[str, bytes]]:
    """What people read, and the directory as `directory import` reads it."""
    yield "READ-ME.txt", READ_ME.format(authority=pages.authority, made=pages.made_at).encode()
    yield "binder.html", html(pages)
    yield "call-down.csv", call_table(pages)
    yield "directory.csv", table.write(pages.directory).encode("utf-8-sig")
    yield "directory.json", directory_files.write(pages.directory)
    if drawn := boundaries.load(session):
        yield "boundaries.geojson", areas.write(drawn, pages.directory).encode()
    if shaped := town_shapes.load(session):
        yield SHAPES, places.write(shaped, pages.directory).encode()
    for script in pages.scripts:
        yield f"scripts/{script.lang}.txt", script_text(script)
    for message in pages.cap:
        yield message.path, message.xml


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """CSV in pieces: a million rows are never held together."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(columns)
    for no, row in enumerate(rows, start=1):
        table.writerow(row)
        if no % ROWS == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _bound(file: Path, moment: datetime, version: int, residents: str) -> Bound:
    with file.open("rb") as stream:
        sha = hashlib.file_digest(stream, "sha256").hexdigest()
    return Bound(file.name, moment, file.stat().st_size, sha, not residents, version, residents or file.name)


def _why(folder: Path, error: OSError) -> str:
    reason = error.strerror or "it cannot be written"
    return f"The binder cannot be written to {folder} ({reason}): mount it, make room, or set BINDER_DIR."


def _prune(folder: Path) -> None:
    """Keep the newest nights and the newest of what came between them; a small one needs its night's."""
    names = sorted(path.name for path in folder.glob(f"binder-*{SUFFIX}"))
    nights = [name for name in names if "T" not in name]
    between = [name for name in names if "T" in name]
    kept = {*nights[-KEPT:], *(name for name in between[-KEPT:] if nights and name > nights[-KEPT:][0])}
    for name in set(names) - kept:
        (folder / name).unlink(missing_ok=True)
