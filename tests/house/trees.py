"""The program as syntax trees, and every file of the house as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "broadcaster"
FOLDERS = ("broadcaster", "templates", "tests", "docs", "deploy", ".ci")
WORDS = {
    ".py", ".md", ".toml", ".txt", ".in", ".html", ".css", ".js", ".json", ".yml", ".yaml", ".env", ".conf", ".csv",
    ".example", ".mako", ".xml", ".svg", "",
}  # fmt: skip
"""The kinds of files that hold words; pictures and fonts do not."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of one module."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def modules() -> tuple[Path, ...]:
    """Every module of the program that somebody wrote by hand (Alembic writes the migrations)."""
    found = sorted(PROGRAM.rglob("*.py"))
    return tuple(path for path in found if "versions" not in path.parts)


@cache
def modules_of_tests() -> tuple[Path, ...]:
    """Every module of the tests."""
    return tuple(sorted((ROOT / "tests").rglob("*.py")))


def functions() -> Iterator[tuple[Path, Function]]:
    """Every function and method of the program."""
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, Function):
                yield path, node


def texts() -> Iterator[tuple[Path, str]]:
    """Every file of the house that holds words."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    deep = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in sorted(top + deep):
        skipped = any(
            part.startswith(("__pycache__", "static", ".env", ".coverage")) for part in path.relative_to(ROOT).parts
        )
        if path.suffix in WORDS and not skipped:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def at(path: Path, node: ast.AST | None = None) -> str:
    """A place in the house, to be named in a failure."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"
