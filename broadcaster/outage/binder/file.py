"""A binder as a file: a zip with a signed manifest that names every other file in it, sealed while it is written."""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from broadcaster.store import sealed_stream
from broadcaster.store.sealed_stream import CHANGED, CannotOpen, Opener, Recipients, Sealing
from broadcaster.store.timeline.signed_note import BadNote, PublicKey, Signer, opened

FIRST = "broadcaster binder 1"
MANIFEST = "MANIFEST.txt"
RELEASE = "release/"
"""What only a laptop that is going to send needs: phones, second factors, settings."""
SHAPES = "communities.shapes.geojson"
PATH = re.compile(r"(?:[a-z0-9-]+/)?[A-Za-z0-9][A-Za-z0-9.-]*")
CHUNK = 1_048_576


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a binder: its path, size in bytes and SHA-256 in hex."""

    path: str
    size: int
    sha256: str

    @property
    def line(self) -> str:
        """As the manifest has it."""
        return f"file {self.sha256} {self.size} {self.path}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is signed. `residents` names the binder that holds the residents: empty when this one does."""

    made_at: datetime
    mode: str
    directory: int
    key: str
    residents: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        """The lines that are signed."""
        head = [FIRST, f"made {self.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"mode {self.mode}"]
        head += [f"directory {self.directory}", f"key {self.key}", f"residents {self.residents or 'here'}"]
        return "".join(f"{line}\n" for line in (*head, *(part.line for part in self.parts)))

    @classmethod
    def read(cls, text: str) -> Manifest:
        """From its lines; CannotOpen when they are none of ours."""
        first, *lines = text.splitlines()
        pairs = [line.split(" ", 1) for line in lines]
        if first != FIRST or any(len(pair) != 2 for pair in pairs):
            raise CannotOpen("The manifest is of another program or version: open it with the one that made it.")
        said = {name: rest for name, rest in pairs if name != "file"}
        try:
            made = datetime.strptime(said["made"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            parts = tuple(_part(rest) for name, rest in pairs if name == "file")
            there = "" if said["residents"] == "here" else said["residents"]
            return cls(made, said["mode"], int(said["directory"]), said["key"], there, parts)
        except (KeyError, ValueError) as error:
            raise CannotOpen(CHANGED) from error


def _part(text: str) -> Part:
    sha256, size, path = text.split(" ")
    return Part(path, int(size), sha256)


@dataclass
class Packer:
    """Puts files into a binder, one after the other; `close` signs what was put in."""

    out: IO[bytes]
    to: Recipients
    signer: Signer
    _parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sealing = Sealing(self.out, self.to)
        self._zip = zipfile.ZipFile(self._sealing, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def add(self, path: str, pieces: Iterable[bytes]) -> None:
        """A file from its pieces, of which none is kept."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(path, "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self._parts.append(Part(path, size, digest.hexdigest()))

    def close(self, made_at: datetime, mode: str, directory: int, residents: str) -> Manifest:
        """Sign the manifest and finish the file."""
        key = self.signer.public.written(self.signer.name)
        made = Manifest(made_at, mode, directory, key, residents, tuple(self._parts))
        self._zip.writestr(MANIFEST, self.signer.note(made.text))
        self._zip.close()
        self._sealing.finish()
        return made


@dataclass(frozen=True, slots=True)
class Binder:
    """An opened binder, proved to its last byte."""

    manifest: Manifest
    plain: zipfile.ZipFile

    def unpack(self, folder: Path, *, release: bool) -> list[Path]:
        """Write its files (0600) into a folder that nobody else enters; with `release` what a laptop sends from too."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        made = []
        for part in self.manifest.parts:
            if release or not part.path.startswith(RELEASE):
                made.append(self._write(folder / part.path, part))
        return made

    def _write(self, path: Path, part: Part) -> Path:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        with path.open("wb") as out:
            for piece in _pieces(self.plain, part.path):
                out.write(piece)
        return path


@contextmanager
def reading(file: Path, opener: Opener, keys: Sequence[PublicKey] = ()) -> Iterator[Binder]:
    """Open a binder and prove all of it: every byte, the signature, every file against the manifest.

    Without `keys` it only proves that it was signed by the key that it names itself. CannotOpen says what is wrong.
    What is open stands in a file that has no name from its beginning, and is gone with the block.
    """
    with tempfile.TemporaryFile() as plain:
        _unseal(file, opener, plain)
        with _archive(plain) as archive:
            manifest = _signed(_note(archive), keys)
            _prove(archive, manifest)
            yield Binder(manifest, archive)


def _unseal(file: Path, opener: Opener, plain: IO[bytes]) -> None:
    try:
        with file.open("rb") as sealed:
            for piece in sealed_stream.opened(sealed, opener):
                plain.write(piece)
    except OSError as error:
        raise CannotOpen(f"{file} cannot be read: {error.strerror}.") from error


def _archive(plain: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(plain)
    except zipfile.BadZipFile as error:
        raise CannotOpen(CHANGED) from error


def _note(archive: zipfile.ZipFile) -> str:
    try:
        return archive.read(MANIFEST).decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise CannotOpen(CHANGED) from error


def _signed(note: str, keys: Sequence[PublicKey]) -> Manifest:
    named = re.search(r"^key (.+)$", note, re.M)
    try:
        trusted = tuple(keys) or ((PublicKey.read(named[1]),) if named else ())
        return Manifest.read(opened(note, trusted)[0])
    except BadNote as error:
        raise CannotOpen(f"The binder is not signed by the key that was given: {error} Do not use it.") from error


def _prove(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Nothing is missing, nothing was put in, nothing was changed."""
    listed = {part.path for part in manifest.parts}
    if sorted([*listed, MANIFEST]) != sorted(archive.namelist()) or not all(map(PATH.fullmatch, listed)):
        raise CannotOpen("The binder holds other files than its manifest names: do not use it.")
    for part in manifest.parts:
        digest, size = hashlib.sha256(), 0
        try:
            for piece in _pieces(archive, part.path):
                digest.update(piece)
                size += len(piece)
        except zipfile.BadZipFile as error:
            raise CannotOpen(CHANGED) from error
        if (size, digest.hexdigest()) != (part.size, part.sha256):
            raise CannotOpen(f"{part.path} is not what its manifest says: do not use this binder.")


def _pieces(archive: zipfile.ZipFile, path: str) -> Iterator[bytes]:
    with archive.open(path) as member:
        while piece := member.read(CHUNK):
            yield piece
