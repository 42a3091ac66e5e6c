"""What makes a suite slow is a start: of a browser, a server, a process. Who starts one stands here, and how many."""

from __future__ import annotations

import ast

from tests.house.trees import at, modules_of_tests, tree

BROWSERS = {"tests/browser/conftest.py"}
SERVERS = {
    "tests/servers.py": "one for each worker of the suite",
    "tests/chaos/matrix.py": "the matrix runs without the suite",
    "tests/chaos/parts.py": "rows that break the server itself",
    "tests/flow/test_what_comes_back.py": "it is stopped and frozen under the callbacks",
    "tests/unit/local/test_embedded_servers.py": "it is what is tested",
}
MOST_PROCESSES = 75
"""Places where a test starts one of our commands: each takes one to two seconds of a processor, or a fifth where it is
forked warm (`tests.flow.warm`). What a command says is asked in this process, by click's own runner."""


def calls(*names: str) -> list[str]:
    """Where the tests call something whose name ends so."""
    return [
        at(path, node)
        for path in modules_of_tests()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(names)
    ]


def modules(found: list[str]) -> set[str]:
    return {each.partition(":")[0] for each in found}


def test_one_browser_serves_all_tests_of_a_worker() -> None:
    assert modules(calls("chromium.launch")) == BROWSERS


def test_only_who_breaks_a_database_server_has_one_alone() -> None:
    assert modules(calls("Postgres")) == SERVERS.keys()


def test_few_tests_start_a_process_of_ours() -> None:
    found = calls("installation.run", "installation.process")
    assert 0 < len(found) <= MOST_PROCESSES, f"{len(found)}: does the new one need a process?"
