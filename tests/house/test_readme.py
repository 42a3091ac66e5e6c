"""The README and the handbook say what is true: tables as the program has them, commands and files that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from broadcaster.channels.contract import Traits
from broadcaster.cli import root
from broadcaster.settings import Settings
from tests.house import tables

ROOT = Path(__file__).resolve().parents[2]
COMMAND = r"^(?:docker compose exec (?:-T )?\S+ |[A-Z_]+=\S+ )?broadcaster (.+)$"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "handbook").glob("*.md"))]


def test_the_tables_are_the_programs() -> None:
    text = tables.README.read_text(encoding="utf-8")
    assert text == tables.written(text), "run `python -m tests.house.tables`"


def test_nothing_is_explained_that_does_not_exist() -> None:
    assert set(tables.MEANING) == set(Settings.model_fields)
    assert set(tables.TRAIT) == set(Traits.__dataclass_fields__)


def told_commands(page: Path) -> list[str]:
    """Every `broadcaster ...` in code, in a block or in a line."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```[^\n]*\n(.*?)```", text, re.S)
    lines = [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", text)
    found = [re.search(COMMAND, line.split("#")[0]) for line in lines]
    return [match[1].strip() for match in found if match]


def test_commands_are_found_at_all() -> None:
    assert sum(len(told_commands(page)) for page in PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_exists(page: Path) -> None:
    for told in told_commands(page):
        words = shlex.split(re.split(r"[<>|]", told)[0])
        command: click.Command = root
        while isinstance(command, click.Group) and words:
            found = command.get_command(click.Context(command), words[0])
            if found is None:
                break
            command = found
            words.pop(0)
        assert not isinstance(command, click.Group), told
        options = {name for parameter in command.params for name in parameter.opts}
        assert all(word in options for word in words if word.startswith("--")), told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r"srcset=\"([^\"]+)\"|src=\"([^\"]+)\"", text)
    for target in (part for entry in targets for part in ([entry] if isinstance(entry, str) else entry) if part):
        if not target.startswith("https:"):
            assert (page.parent / target).exists() or target.startswith("docs/pictures/"), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_named_exists(page: Path) -> None:
    known = {name.upper() for name in Settings.model_fields}
    other = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    named = set(re.findall(r"`([A-Z][A-Z]+_[A-Z_]+)`", page.read_text(encoding="utf-8")))
    assert {name.removesuffix("_FILE") for name in named} <= known | other | {"NO_BROWSER"}
