"""What no file of the house holds: empty names, empty bodies, promises, and anything of one machine."""

from __future__ import annotations

import ast
import json
import re

from tests.house.trees import ROOT, at, modules, modules_of_tests, texts, tree

EMPTY_NAMES = re.compile(r"^(utils?|helpers?|commons?|bases?|managers?|services?|misc|stuff|core)$")
PROMISE = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
OF_A_MACHINE = re.compile(r"(?<![\w.])/(work|home/\w+|root|Users)/")
REGISTRY = re.compile(r"https?://|--(extra-)?index-url|--find-links|--trusted-host")


def test_the_tree_speaks_the_mission() -> None:
    names = [
        part for path in (*modules(), *modules_of_tests()) for part in path.relative_to(ROOT).with_suffix("").parts
    ]
    assert [name for name in names if EMPTY_NAMES.match(name)] == []


def test_nothing_is_passed_over() -> None:
    """No `pass`, no body of dots outside a protocol, no except without a name or without an answer."""
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            silent = isinstance(node, ast.ExceptHandler) and (node.type is None or all(map(is_nothing, node.body)))
            if isinstance(node, ast.Pass) or silent:
                found.append(at(path, node))
    assert found == []


def is_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def test_no_function_is_only_dots() -> None:
    dots = [
        at(path, node)
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(
            isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) and s.value.value is ... for s in node.body
        )
    ]
    assert dots == []


def test_nothing_is_promised_for_later() -> None:
    assert [at(path) for path, text in texts() if path.suffix != ".svg" and PROMISE.search(text)] == []


def test_nothing_names_a_folder_of_one_machine() -> None:
    found = {at(path): match[0] for path, text in texts() if (match := OF_A_MACHINE.search(text))}
    assert found == {}


def test_locks_have_hashes_and_name_no_host() -> None:
    locks = sorted(ROOT.glob("requirements*.txt"))
    assert len(locks) >= 2
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert not REGISTRY.search(text), lock.name
        pinned = re.findall(r"^[\w.\[\]-]+==[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[^\n]*\n)*)", text, re.M)
        assert len(pinned) == len(re.findall(r"^[\w.-]+(?:\[[\w,.-]+\])?==", text, re.M)), lock.name
        assert all("--hash" in hashes for hashes in pinned), lock.name


def test_the_lock_of_the_assets_names_no_host() -> None:
    """npm says so itself: `omit-lockfile-registry-resolved`. Whom to fund it writes back: take that out again."""
    lock = ROOT / "package-lock.json"
    assert "://" not in lock.read_text(encoding="utf-8")
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    assert {"resolved"} & {key for package in packages.values() for key in package} == set()
    assert all("integrity" in package for name, package in packages.items() if name)
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text(encoding="utf-8")
