"""The harness measures what it says: a whole quick run, and a judge that cannot be fooled. No time is asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import ceiling, gauge, load, sink
from tests.bench.gauge import Absent, Void
from tests.bench.people import homes, phone
from tests.bench.plan import PARTS
from tests.bench.sink import ROOT, Sink
from tests.bench.stage import places
from tests.bench.table import Row, Table, at_least, at_most
from tests.factories import SID

WHOLE = os.environ.get("WHOLE_HARNESS") == "1"
"""Continuous integration plays every part, in minutes; the suite those whose processes the others share."""
SHORT = ("sink", "engine", "directory")


def test_a_quick_run_fills_every_part(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.bench", "--quick", "--dir", str(tmp_path)]
    argv += [word for part in SHORT if not WHOLE for word in ("--only", part)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    rows = {row["key"]: row for row in json.loads((tmp_path / "bench.json").read_text())["rows"]}
    assert {key.split("/")[0] for key in rows} >= {*(PARTS if WHOLE else SHORT), "ours", "ceiling"} - {"engine"}
    assert [key for key, row in rows.items() if row["void"] and not row["absent"]] == []
    assert all(value > 0 for row in rows.values() for value in row["values"] if row["unit"] == "/s")
    for key, beside in {"email/ours/50": "the naive way", "bulk/many": "one text a request"}.items():
        assert not WHOLE or [ratio["name"] for ratio in rows[key]["ratios"]] == [beside]
    assert "MISSED" not in done.stdout


def text(no: int, to: str) -> bytes:
    body = ceiling.BODY.format(phone=to[1:], sender="15005550006", words="x", fanout=7 + no % 2, address=no, n=1)
    return load.posting(f"/2010-04-01/Accounts/{SID}/Messages.json", "127.0.0.1", {}, body.encode())


def posted(carrier: Sink, folder: Path, *requests: bytes, tls: bool = False) -> load.Load:
    load.write(requests, folder / "requests")
    port = carrier.tls_port if tls else carrier.port
    return load.run(folder, port, folder / "requests", 3, carrier.trusted if tls else None)


@pytest.mark.skipif(sink.build.compiler() is None, reason="no C compiler")
class TestTheSink:
    """The judge of every run."""

    def test_it_counts_people_and_fan_outs(self, tmp_path: Path) -> None:
        with sink.running(tmp_path) as carrier:
            met = posted(carrier, tmp_path, *(text(no, phone(no)) for no in range(100)))
            stats = carrier.stats()
            assert met.answers == {201: 100}
            assert (stats.texts, stats.distinct, stats.each_once) == (100, 100, True)
            assert {key: texts for key, (_, texts) in stats.fanouts.items()} == {7: 50, 8: 50}
            assert 0 < stats.first <= stats.last

    def test_it_sees_a_double_and_a_text_to_nobody(self, tmp_path: Path) -> None:
        with sink.running(tmp_path) as carrier:
            posted(carrier, tmp_path, text(1, phone(1)), text(2, phone(2)), text(3, phone(1)))
            assert (carrier.stats().texts, carrier.stats().distinct, carrier.stats().each_once) == (3, 2, False)
            carrier.reset()
            assert (carrier.stats().texts, carrier.stats().first) == (0, 0)
            posted(carrier, tmp_path, text(1, "+"))
            assert (carrier.stats().strange, carrier.stats().each_once) == (1, False)

    def test_it_holds_nobody_up_with_a_slow_answer(self, tmp_path: Path) -> None:
        with sink.running(tmp_path) as carrier:
            carrier.reset(delay_ms=20)
            assert posted(carrier, tmp_path, *(text(no, phone(no)) for no in range(9))).p50_ms >= 20
            assert carrier.stats().peak == 3

    def test_it_speaks_tls_where_it_can(self, tmp_path: Path) -> None:
        with sink.running(tmp_path) as carrier:
            if not carrier.tls_port:
                with pytest.raises(Absent, match="no TLS"):
                    carrier.url(tls=True)
                return
            assert posted(carrier, tmp_path, text(1, phone(1)), tls=True).answers == {201: 1}


def test_without_a_compiler_the_judge_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sink.build.compiler() is None:
        pytest.skip("the requests are posted by a C program")
    load.build.built("load", tmp_path)
    built = sink.build.built
    monkeypatch.setattr(sink.build, "built", lambda name, folder: None if name == "sink" else built(name, folder))
    with sink.running(tmp_path) as carrier:
        assert (carrier.in_c, carrier.tls_port) == (False, 0)
        carrier.reset(delay_ms=5)
        posted(carrier, tmp_path, text(1, phone(1)), text(2, phone(2)), text(3, phone(1)))
        stats = carrier.stats()
    assert (stats.texts, stats.distinct, stats.each_once) == (3, 2, False)
    assert {key: texts for key, (_, texts) in stats.fanouts.items()} == {7: 1, 8: 2}


def test_everybody_lives_somewhere_and_has_a_number_of_their_own() -> None:
    where = homes(20_000, places())
    assert len(where) == 20_000
    assert {code: where.count(code) >= 5 for code in set(where)} == dict.fromkeys(
        (one.code for one in places().communities), True
    )
    assert len({phone(no) for no in range(0, 1_000_000, 7)}) == len(range(0, 1_000_000, 7))


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([5.0], 0.99, 5.0), ([float(n) for n in range(1, 201)], 0.99, 198.0)],
)
def test_a_quantile_is_one_of_the_values(values: list[float], share: float, found: float) -> None:
    assert gauge.quantile(values, share) == found


class TestTheTable:
    """What a reader may rely on."""

    def test_a_ratio_is_of_the_medians_and_judged(self) -> None:
        table = Table(lambda _: None)
        table.add(Row("ours", "ours", "/s", [900.0, 1000.0, 5000.0], at_least(2000.0)))
        table.add(Row("peer", "peer", "/s", [10.0]))
        table.compare("ours", "peer", "the peer", at_least(60.0))
        line = next(line for line in str(table).splitlines() if line.startswith("ours"))
        assert "1,000 /s" in line and "900 - 5,000" in line and "100 x the peer" in line
        assert "MISSED (>= 2,000 /s); met (>= 60.0 x)" in line

    def test_a_void_row_says_why_and_takes_its_ratios_along(self) -> None:
        table = Table(lambda _: None)

        def slow() -> None:
            raise Void("it fell asleep")

        table.trying("peer", "the peer", slow)
        table.add(Row("ours", "ours", "/s", [1.0]))
        table.compare("ours", "peer", "the peer")
        assert "VOID" in str(table) and "it fell asleep" in str(table)
        assert "no ratio to the peer: it is void" in str(table)
        assert [row.key for row in table.voids] == ["peer"]

    def test_what_broke_is_void_and_what_is_absent_is_no_fault(self) -> None:
        table = Table(lambda _: None)
        table.trying("a", "a", lambda: 1 / 0)
        table.trying("b", "b", lambda: load.run(Path("/nowhere"), 1, Path("/nowhere"), 1))
        table.void("c", "c", "not built", absent=True)
        assert [row.key for row in table.voids] == ["a", "b"]

    def test_a_quick_run_holds_no_goal_against_anybody(self) -> None:
        table = Table(lambda _: None, judging=False)
        table.add(Row("a", "a", "ms", [1e9], at_most(1.0)))
        assert "MISSED" not in str(table)
