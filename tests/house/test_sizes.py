"""Small, typed, quiet (design section 6, rule 15)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from tests.house.trees import Function, at, functions, modules, modules_of_tests, tree

LONGEST_MODULE = 300
LONGEST_FUNCTION = 50
MOST_ARGUMENTS = 6


def lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def arguments(function: Function) -> list[ast.arg]:
    """All but self and cls."""
    given = function.args
    some = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [arg for arg in some if arg.arg not in {"self", "cls"}]


def test_no_module_is_longer_than_a_few_screens() -> None:
    long = {
        at(path): n
        for path in (*modules(), *modules_of_tests())
        if (n := len(path.read_text().splitlines())) >= LONGEST_MODULE
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert {at(path, f): lines(f) for path, f in functions() if lines(f) > LONGEST_FUNCTION} == {}


def test_most_functions_are_a_few_lines() -> None:
    sizes = [lines(function) for _, function in functions()]
    assert median(sizes) <= 10
    assert quantiles(sizes, n=10)[-1] <= 30


LIBRARYS_OWN = {"broadcaster/channels/twilio_http.py:request"}
"""Written to the interface of a library."""


def test_no_function_takes_more_than_six_arguments() -> None:
    many = {
        f"{at(path).partition(':')[0]}:{function.name}"
        for path, function in functions()
        if len(arguments(function)) > MOST_ARGUMENTS
    }
    assert many <= LIBRARYS_OWN


def test_every_argument_and_every_answer_has_its_type() -> None:
    bare = []
    for path, function in functions():
        stars = [star for star in (function.args.vararg, function.args.kwarg) if star]
        untyped = [arg.arg for arg in [*arguments(function), *stars] if arg.annotation is None]
        if untyped or function.returns is None:
            bare.append((at(path, function), function.name, untyped))
    assert bare == []


def public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | Function]:
    """What others may use: functions, classes, and the methods of those classes."""
    for node in body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def test_everything_public_says_what_its_name_cannot() -> None:
    def silent(path: Path) -> Iterator[str]:
        whole = tree(path)
        if whole.body and not ast.get_docstring(whole):
            yield at(path)
        for node in public(whole.body):
            if not ast.get_docstring(node):
                yield f"{at(path, node)} {node.name}"

    assert [place for path in modules() for place in silent(path)] == []


def test_every_test_module_says_what_it_tells() -> None:
    assert [at(path) for path in modules_of_tests() if tree(path).body and not ast.get_docstring(tree(path))] == []
