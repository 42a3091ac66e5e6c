"""Imports point one way (design section 3): the contracts of pyproject.toml, and the few that no contract can say."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.trees import PROGRAM, ROOT, at, modules, tree


def imported(path: Path) -> set[str]:
    """The modules that one module imports, by full name."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_every_contract_is_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-1000:]
    assert "0 broken" in found.stdout


def test_every_package_has_a_place_in_the_layers() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = pyproject.partition("layers = [")[2].partition("]")[0]
    names = {path.stem for path in PROGRAM.glob("*.py")} | {path.parent.name for path in PROGRAM.glob("*/__init__.py")}
    named = {word.strip("() ") for line in layers.split('"')[1::2] for word in line.replace("|", ":").split(":")}
    assert names - {"__init__", "__main__"} <= named


def test_there_is_no_import_inside_a_function() -> None:
    inside = [
        at(path, node)
        for path in modules()
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


DOORS = {
    "celery": {"tasks.py", "worker.py"},
    "kombu": {"tasks.py", "worker.py"},
    "redis": {"tasks.py", "worker.py", "local"},
    "twilio": {"channels", "receipts", "web"},
    "sqlalchemy": {"store", "dispatch", "receipts", "web", "cli", "local", "outage", "canary"},
    "aiohttp": {"channels", "local", "web"},
    "flask": {"web", "window", "local"},
    "structlog": {"logs.py"},
}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_comes_in_by_its_own_door(library: str) -> None:
    users = {
        path.relative_to(PROGRAM).parts[0]
        for path in modules()
        if any(name == library or name.startswith(f"{library}.") for name in imported(path))
    }
    assert users <= DOORS[library]


def test_carriers_do_not_know_each_other() -> None:
    """They share contract, errors and the doors to the network; a carrier's words may have a file of their own."""
    shared = {"contract", "errors", "http", "twilio_http", "wire", "proof", "files", "bulk_words", "mime", "smtp_pool"}
    shared |= {"soap", "ipaws_words"}
    carriers = {path.stem for path in (PROGRAM / "channels").glob("*.py")} - shared - {"__init__", "registry"}
    assert len(carriers) >= 3
    for carrier in carriers:
        known = {f"broadcaster.channels.{other}" for other in carriers - {carrier}}
        assert not known & imported(PROGRAM / "channels" / f"{carrier}.py"), carrier


def test_every_package_says_its_law() -> None:
    for path in PROGRAM.rglob("__init__.py"):
        if path.parent.name not in {"migrations", "versions"}:
            assert ast.get_docstring(tree(path)), at(path)
