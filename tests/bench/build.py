"""The two C programs of the benchmarks, compiled when they are needed, kept by the hash of their source."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
WITH_TLS = ("-DWITH_TLS", "-lssl", "-lcrypto")


@dataclass(frozen=True, slots=True)
class Built:
    """A compiled program; `tls` is whether OpenSSL could be linked."""

    program: Path
    tls: bool


def compiler() -> str | None:
    """The system's C compiler, if there is one."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def built(name: str, folder: Path) -> Built | None:
    """`name`.c as a program in `folder`, with TLS where OpenSSL's headers are; None where nothing compiles."""
    cc = compiler()
    if cc is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for tls, flags in ((True, WITH_TLS), (False, ())):
        source = HERE / f"{name}.c"
        stamp = sha256(source.read_bytes() + " ".join((cc, *flags)).encode()).hexdigest()[:16]
        program = folder / f"{name}-{stamp}"
        if program.exists() or _compiles([cc, "-O2", "-o", str(program), str(source), *flags]):
            return Built(program, tls)
    return None


def _compiles(argv: list[str]) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0
