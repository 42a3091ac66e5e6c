"""The report as a table: one shape for everything, and every event byte by byte."""

from __future__ import annotations

from broadcaster.outage.report import rows as report_rows
from tests.unit.outage.report.reported import EVENTS, ended, made


def test_every_row_has_the_same_columns_and_every_part_is_there() -> None:
    rows = list(report_rows.rows(ended()))
    assert rows[0] == report_rows.COLUMNS
    assert {len(row) for row in rows} == {len(report_rows.COLUMNS)}
    sections = {row[0] for row in rows[1:]}
    assert sections == {
        *("report", "timeline", "figures", "minutes", "communities", "agencies", "ways out", "missed callers", "ledger")
    }


def test_a_figure_carries_its_mark_and_an_event_its_bytes() -> None:
    rows = list(report_rows.rows(made(now=30)))
    (delivered,) = (row for row in rows if row[1] == "Texts that phones reported as delivered")
    assert delivered[2:4] == ("15", "people")
    assert delivered[6] == "3 of the phones have not reported, and may for three days"
    written = [row[5] for row in rows if row[0] == "ledger"]
    assert written == [each.canonical for each in EVENTS]
    (found,) = (row for row in rows if row[:2] == ("communities", "Salem, Essex County") and row[3] == "rejected")
    assert found[2] == "4"
