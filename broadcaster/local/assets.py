"""Third-party styles, fonts, scripts and county shapes, built from npm packages into ``broadcaster/web/static``.

Nothing of it is kept in the repository. The build is skipped while its stamp (a hash of every input) still fits.
Run as ``python -m broadcaster.local.assets``; the packages must be installed (``make assets`` does both).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from broadcaster.local import borders
from broadcaster.local.outlines import states

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
USWDS = MODULES / "@uswds" / "uswds" / "dist"
STATIC = ROOT / "broadcaster" / "web" / "static"
STAMP = ".stamp"
COPIED_URL = re.compile(r"""url\(["']?((?:img|fonts)/[^"')]+)["']?\)""")


class AssetsMissing(RuntimeError):
    """The assets cannot be built; the message says what to run."""


def build(target: Path = STATIC) -> bool:
    """Make the folder of static files; False when it was already up to date. AssetsMissing says what to run."""
    stamp = fingerprint()
    if (target / STAMP).is_file() and (target / STAMP).read_text() == stamp:
        return False
    if not USWDS.is_dir():
        raise AssetsMissing("The npm packages are not installed: run `make assets`.")
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    css = compiled_css()
    (fresh / "desk.css").write_text(css, encoding="utf-8")
    for relative in sorted(set(COPIED_URL.findall(css))):
        _copy(USWDS / relative, fresh / relative)
    for script in sorted((ROOT / "templates" / "web").glob("*/desk*.js")):
        _copy(script, fresh / script.name)
    write_outlines(fresh / "counties")
    write_borders(fresh / "borders")
    (fresh / STAMP).write_text(stamp)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return True


def fingerprint() -> str:
    """The SHA-256 of every file that the build reads: the locked packages, our styles and scripts, this program."""
    whole = hashlib.sha256()
    for path in _inputs():
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def _inputs() -> Iterator[Path]:
    yield from (ROOT / "package.json", ROOT / "package-lock.json")
    yield from (Path(__file__).with_name(name) for name in ("assets.py", "outlines.py", "borders.py"))
    yield from sorted((ROOT / "templates" / "web").glob("*/*.scss"))
    yield from sorted((ROOT / "templates" / "web").glob("*/desk*.js"))


def compiled_css() -> str:
    """Our subset of USWDS and our own styles as one compressed style sheet."""
    made = subprocess.run(
        [str(ROOT / ".ci" / "npm"), "run", "--silent", "css"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise AssetsMissing(f"The styles could not be compiled: {made.stderr.strip()[-2000:]}")
    return made.stdout


def atlas() -> dict[str, Any]:
    """The counties and states of the United States as TopoJSON."""
    whole: dict[str, Any] = json.loads((MODULES / "us-atlas" / "counties-10m.json").read_text(encoding="utf-8"))
    return whole


def write_borders(folder: Path) -> None:
    """One JSON file per state: its counties and the land around it, for the polygons of alerts."""
    folder.mkdir(parents=True)
    for state, text in borders.by_state(atlas()).items():
        (folder / f"{state}.json").write_text(text, encoding="utf-8")


def write_outlines(folder: Path) -> None:
    """One small JSON file per state: the size of the drawing, and an SVG path by county FIPS code."""
    folder.mkdir(parents=True)
    for state, drawing in states(atlas()).items():
        (folder / f"{state}.json").write_text(json.dumps(drawing, separators=(",", ":")), encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def main() -> int:
    """Build what is out of date and say so; exit code 1 with one sentence when it cannot be done."""
    try:
        built = build()
    except AssetsMissing as error:
        print(error, file=sys.stderr)
        return 1
    print("Built the styles, fonts and shapes." if built else "The styles, fonts and shapes are up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
