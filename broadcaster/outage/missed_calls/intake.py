"""A log of calls becomes callers: its lines are kept, and all lines of the outage are reconciled again.

So a second system's log joins the first one's, in any order, and a log imported twice changes nothing. What people have
done about a caller stays; only a call that was missed after an outcome brings somebody back to the list.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime

from broadcaster.alert.missed_caller import Cannot, Standing
from broadcaster.outage import record
from broadcaster.outage.missed_calls.call_log import Reading
from broadcaster.outage.missed_calls.callers import Call, Caller, reconcile
from broadcaster.outage.record import Writer
from broadcaster.said import Said, joined
from broadcaster.store.outage import missed_callers, missed_logs
from broadcaster.store.outage.missed_callers import MissedCaller, MissedStep, Step
from broadcaster.store.outage.missed_logs import MissedLog, Sealed
from broadcaster.store.outage.outages import Entry, Outage
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger


@dataclass(frozen=True, slots=True)
class Source:
    """Where a log comes from: the system, the file's name and SHA-256, and how it was read, as plain JSON."""

    system: str
    name: str
    sha: str
    columns: dict[str, object]


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did: the log, how many of its lines were new, how many callers are new, how many got through, and
    how many came back to the list."""

    log: MissedLog
    fresh: int
    callers: int
    through: int
    back: int

    @property
    def sentence(self) -> Said:
        """For the officer and the record."""
        said = Said(
            "A log of %(system)s was imported: %(missed)s missed calls (%(fresh)s lines are new),"
            " %(callers)s more callers, %(through)s of them got through later.",
            system=self.log.system,
            missed=f"{self.log.missed:,}",
            fresh=f"{self.fresh:,}",
            callers=f"{self.callers:,}",
            through=f"{self.through:,}",
        )
        again = Said("%(many)s called again after their outcome: they are back on the list.", many=f"{self.back:,}")
        return joined(" ", (said, again)) if self.back else said


def take(writer: Writer, sealer: Sealer, outage: Outage, source: Source, reading: Reading) -> Taken:
    """Keep a log and bring the callers of its outage up to date, in the caller's transaction.

    The ledger is written last: an alert that is approved meanwhile does not wait for a long log.
    """
    missed_logs.one_after_the_other(writer.session, outage.id)
    log = _log(writer, outage, source, reading)
    fresh = missed_logs.keep(writer.session, sealer, log, _sealed(reading.calls))
    callers = reconcile(map(opened, missed_logs.calls(writer.session, sealer, outage.id)))
    known = missed_callers.all_locked(writer.session, outage.id)
    done = Counter[str]()
    for caller in callers:
        whose = sealer.index(f"missed:{outage.id}:{caller.whose}")
        row = known.get(whose)
        if row is None:
            row = MissedCaller(outage_id=outage.id, whose=whose, standing=Standing.WAITING.value)
            writer.session.add(row)
            done["callers"] += 1
            done["through"] += caller.through is not None
        written(row, caller, sealer)
        done["back"] += _stand(writer, row)
    taken = Taken(log, fresh, done["callers"], done["through"], done["back"])
    said = {"log": log.public_id, "system": source.system, "sha256": source.sha, "fresh": fresh, **done}
    counts = {"lines": log.lines, "missed": log.missed, "connected": log.connected, "left_out": log.left_out}
    ledger.append(writer.session, writer.actor, "missed-log-imported", f"outage:{outage.public_id}", {**said, **counts})
    record.note(writer, outage, taken.sentence, what=Entry.MISSED)
    return taken


def _log(writer: Writer, outage: Outage, source: Source, reading: Reading) -> MissedLog:
    made = MissedLog(
        outage_id=outage.id,
        system=source.system,
        name=source.name,
        sha=source.sha,
        columns=source.columns,
        found=[[one.line, one.sentence, one.left_out] for one in reading.found],
        imported_by=writer.user_id,
        imported_at=writer.now,
        lines=reading.lines,
        missed=reading.missed,
        connected=len(reading.calls) - reading.missed,
        left_out=len(reading.left_out) + reading.outgoing + reading.outside,
    )
    writer.session.add(made)
    writer.session.flush()
    return made


def _sealed(calls: list[Call]) -> list[Sealed]:
    """Each call as text. Of two lines that say the same the second is another line, today and in the next export."""
    seen, made = Counter[str](), []
    for call in calls:
        words = json.dumps({**asdict(call), "at": call.at.isoformat()}, sort_keys=True)
        seen[words] += 1
        made.append(Sealed(f"{seen[words]}:{words}", words))
    return made


def opened(words: str) -> Call:
    """A call as `missed_logs.calls` gives it back."""
    fields = json.loads(words)
    return Call(**{**fields, "at": datetime.fromisoformat(fields["at"]), "cannot": Cannot(fields["cannot"])})


def written(row: MissedCaller, caller: Caller, sealer: Sealer) -> None:
    """Put what the logs say by now of a caller into its row."""
    if row.phone_enc is None and caller.phone:
        row.phone_enc = sealer.seal(caller.phone, row.whose)
    if caller.place:
        row.place_enc = sealer.seal(caller.place, row.whose)
    row.cannot, row.psap, row.systems = caller.cannot.value, caller.psap, list(caller.systems)
    row.first_at, row.last_at = caller.first_at, caller.last_at
    row.lines, row.tries, row.before_at = caller.lines, caller.tries, caller.before
    through = caller.through
    row.through_at = through.at if through else None
    row.through_system = through.system if through else None
    row.through_how = through.how.value if through else None


def _stand(writer: Writer, row: MissedCaller) -> bool:
    """Put a caller where they belong after a log; whether one with an outcome is back on the list.

    Whoever is with an officer stays there: the page says that they got through meanwhile.
    """
    rest = Standing.THROUGH if row.through_at else Standing.WAITING
    if row.standing in (Standing.WAITING, Standing.THROUGH):
        row.standing = rest.value
    again = row.outcome_at is not None and row.last_at > row.outcome_at
    if row.standing != Standing.SETTLED or not again or rest is Standing.THROUGH:
        return False
    row.standing, row.outcome, row.outcome_at, row.outcome_by, row.due_at = rest.value, None, None, None, None
    step = MissedStep(caller_id=row.id, at=writer.now, by=writer.name, what=Step.BACK.value)
    writer.session.add(step)
    return True
