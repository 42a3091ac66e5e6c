"""A file of residents: every bad row is named by its line, no number is repeated, nobody is there twice."""

from __future__ import annotations

from io import StringIO

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.alert.phone import NORTH_AMERICAN
from broadcaster.cli.residents import Reading, read
from broadcaster.store.public.residents import NewResident

IDS = {"lynn": 1, "salem": 2}
HEAD = "phone,lang,communities,opted_out\n"


def reading(*rows: str, head: str = HEAD) -> Reading:
    return read(StringIO("".join([head, *(row + "\n" for row in rows)]), newline=""), IDS)


@pytest.mark.parametrize(
    "typed", ["+16175550123", "6175550123", "617-555-0123", "(617) 555-0123", "1 617 555 0123", "617.555.0123"]
)
def test_however_a_number_is_written_it_is_one(typed: str) -> None:
    assert list(reading(f"{typed},en,lynn,").good) == ["+16175550123"]


def test_rows_of_one_phone_are_merged() -> None:
    found = reading("617-555-0123,en,lynn,yes", "+16175550123,es,salem;lynn,", "6175550124,,lynn,no")
    assert found.good == {
        "+16175550123": NewResident("+16175550123", "es", (1, 2), opted_out=True),
        "+16175550124": NewResident("+16175550124", "en", (1,)),
    }
    assert (found.merged, found.refused) == (1, [])


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("911,en,lynn,", "can be texted"),
        ("617555,en,lynn,", "can be texted"),
        (",en,lynn,", "can be texted"),
        ("+442079460000,en,lynn,", "outside North America"),
        ("911-555-0123,en,lynn,", "can be texted"),
        ("617-555-0123 x12,en,lynn,", "can be texted"),
        ("6175550123,en,,", "no community"),
        ("6175550123,en,atlantis;lynn,", "atlantis is not in the directory"),
        ("6175550123,english please,lynn,", "the language is no code"),
        ("6175550123,en,lynn,perhaps", "neither yes nor no"),
        ("6175550123,en,lynn,,,Ana,Reyes", "more fields"),
        ("6175550123", "no community"),
    ],
)
def test_a_bad_row_is_named_by_its_line_without_its_number(row: str, why: str) -> None:
    found = reading("6175550199,en,lynn,", row)
    assert list(found.good) == ["+16175550199"]
    (refused,) = found.refused
    assert refused.line == 3
    assert "55501" not in refused.sentence
    assert why in refused.sentence


def test_a_line_number_counts_the_lines_of_quoted_fields() -> None:
    found = reading('6175550123,en,"lynn;\nsalem",', "x,en,lynn,")
    assert [each.line for each in found.refused] == [4]
    assert found.good["+16175550123"].communities == (1, 2)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "no column phone and no column communities"),
        (["phone,lang\n", "6175550123,en\n"], "no column communities"),
        ([HEAD, '6175550123,en,"lynn\n'], "cannot be read near line"),
        ([HEAD, "6175550123,en,lynn" + "x" * 200_000 + "\n"], "cannot be read near line"),
    ],
)
def test_what_is_no_table_is_refused_whole(lines: list[str], sentence: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        read(lines, IDS)
    assert sentence in str(refused.value)


def test_columns_that_are_not_asked_for_are_not_kept() -> None:
    found = reading("Ana Reyes,6175550123,lynn", head="name,phone,communities\n")
    assert found.good == {"+16175550123": NewResident("+16175550123", "en", (1,))}


@given(st.text(max_size=30))
def test_whatever_stands_in_a_cell_is_taken_or_refused(cell: str) -> None:
    quoted = cell.replace('"', '""')
    found = reading(f'"{quoted}",en,lynn,')
    assert len(found.good) + len(found.refused) == 1
    assert all(NORTH_AMERICAN.fullmatch(phone) for phone in found.good)
