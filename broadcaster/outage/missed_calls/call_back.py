"""Calling back whom 911 did not connect: one officer takes a caller on, and every step is an event of the ledger.

No event holds a number, a place or what was said; those are sealed beside the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.alert.missed_caller import NEEDS_WORDS, OUTCOMES, Cannot, Found, Outcome, Standing
from broadcaster.outage.missed_calls.callers import Risk, risk
from broadcaster.outage.record import Writer
from broadcaster.said import Said
from broadcaster.store.fanout import courtesies
from broadcaster.store.fanout.courtesies import Budget, Purpose, Wanted
from broadcaster.store.outage import missed_callers
from broadcaster.store.outage.missed_callers import MissedCaller, MissedStep, MissedTextPolicy, Step, WelfareCheck
from broadcaster.store.outage.outages import Outage
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger

CLAIM_LASTS = timedelta(minutes=30)
"""So long a caller is an officer's alone: then somebody else may take them on; nobody waits for a shift to begin."""
AGAIN = timedelta(minutes=10)
"""After a call that nobody answered, when nothing else is said."""
LOUD = 7
"""Points of risk (`missed_calls.risk`) from which a caller is marked in red: more than one reason, and for long."""
LONGEST_WORDS = 1000
MANY_TEXTS = 10_000


class CallBackRefused(ValueError):
    """A step that cannot be; the message is a sentence for the officer."""


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer at the list of one outage, in one transaction; or an answering point, by its `link`, at its own."""

    writer: Writer
    sealer: Sealer
    outage: Outage
    link: int | None = None
    psap: str | None = None

    def has(self, row: MissedCaller) -> bool:
        """Whether this caller is theirs by now."""
        mine = (row.claimed_by, row.claimed_link) == (self.writer.user_id, self.link)
        return row.standing == Standing.CLAIMED and mine


@dataclass(frozen=True, slots=True)
class Ranked:
    """A caller and how urgent they are; `due` is whether they are to be called by now."""

    row: MissedCaller
    risk: Risk
    due: bool
    free: bool


def ranked(rows: Iterable[MissedCaller], now: datetime) -> list[Ranked]:
    """Callers without an outcome, the most urgent first; whoever is to be called later comes after the others."""
    made = [_rank(row, now) for row in rows if row.standing in (Standing.WAITING, Standing.CLAIMED)]
    return sorted(made, key=lambda one: (not one.due, -one.risk.points, one.row.last_at, one.row.id))


def _rank(row: MissedCaller, now: datetime) -> Ranked:
    due = row.due_at is None or row.due_at <= now
    return Ranked(row, risk(row.tries, row.last_at, row.vain, now), due, _is_free(row, now))


def _is_free(row: MissedCaller, now: datetime) -> bool:
    return row.claimed_at is None or now - row.claimed_at > CLAIM_LASTS


def claim_next(desk: Desk, psap: str) -> MissedCaller | None:
    """Take the most urgent caller of an answering point on whom nobody else is taking; None when nobody is left."""
    writer = desk.writer
    rows = missed_callers.of(writer.session, desk.outage.id, psap)
    ids = [one.row.id for one in ranked(rows, writer.now) if one.free and one.due]
    row = missed_callers.first_free(writer.session, ids)
    while row is not None and not _is_free(row, writer.now):
        ids.remove(row.id)  # somebody took them on between our two looks
        row = missed_callers.first_free(writer.session, ids)
    if row is not None:
        _claim(desk, row)
    return row


def claim(desk: Desk, key: str) -> MissedCaller:
    """Take a caller on; also one with an outcome, which is then open again. CallBackRefused when another officer has
    them."""
    row = _locked(desk, key)
    if desk.has(row):
        return row
    if not _is_free(row, desk.writer.now):
        raise CallBackRefused(Said("Somebody else has taken this caller on: take the next one."))
    _claim(desk, row)
    return row


def _claim(desk: Desk, row: MissedCaller) -> None:
    row.standing, row.claimed_by, row.claimed_at = Standing.CLAIMED.value, desk.writer.user_id, desk.writer.now
    row.claimed_link = desk.link
    row.outcome = row.outcome_at = row.outcome_by = None
    _step(desk, row, Step.CLAIMED)


def give_back(desk: Desk, key: str) -> None:
    """Put a caller back for somebody else."""
    row = _mine(desk, key)
    _release(row, Standing.THROUGH if row.through_at else Standing.WAITING)
    _step(desk, row, Step.GIVEN_BACK)


def rung(desk: Desk, key: str) -> str:
    """The number that is about to be called (E.164). CallBackRefused when there is none."""
    row = _mine(desk, key)
    number = missed_callers.phone(row, desk.sealer)
    if not number:
        raise CallBackRefused(Said("This caller cannot be called back: send a welfare check to the place."))
    _step(desk, row, Step.RUNG)
    return number


def no_answer(desk: Desk, key: str, again: timedelta = AGAIN, words: str = "") -> None:
    """Nobody answered: back to the list, due after `again`."""
    row = _mine(desk, key)
    row.vain, row.due_at = row.vain + 1, desk.writer.now + again
    _release(row, Standing.WAITING)
    _step(desk, row, Step.NO_ANSWER, words, tries=row.vain)


def settle(desk: Desk, key: str, outcome: Outcome, words: str = "") -> None:
    """Write down what became of a caller. CallBackRefused for an outcome that this cannot be."""
    row = _mine(desk, key)
    if outcome is Outcome.WELFARE_CHECK:
        raise CallBackRefused(Said("Say whom you send to look after them."))
    if outcome in NEEDS_WORDS and not words.strip():
        raise CallBackRefused(Said("“%(outcome)s” needs a note: somebody will ask.", outcome=OUTCOMES[outcome]))
    if outcome is Outcome.NOT_REACHED and not row.vain and row.cannot == Cannot.CAN:
        raise CallBackRefused(Said("Nobody has called this caller in vain yet: call them, or send a welfare check."))
    _settle(desk, row, outcome)
    _step(desk, row, Step.SETTLED, words, outcome)


def send_check(desk: Desk, key: str, to: str, words: str = "") -> None:
    """Somebody is sent to look after a caller: that is an outcome, and its finding is still to come."""
    row = _mine(desk, key)
    if not to.strip():
        raise CallBackRefused(Said("Say whom you send: a police or fire department, an ambulance."))
    sent = WelfareCheck(caller_id=row.id, sent_at=desk.writer.now, sent_by=desk.writer.user_id)
    sent.to_enc = desk.sealer.seal(to.strip()[:LONGEST_WORDS], row.whose)
    desk.writer.session.add(sent)
    _settle(desk, row, Outcome.WELFARE_CHECK)
    _step(desk, row, Step.CHECK_SENT, words, Outcome.WELFARE_CHECK)


def end_check(desk: Desk, key: str, check: int, found: Found, words: str = "") -> None:
    """What a welfare check has found; anybody of the desk may write it down."""
    row = _locked(desk, key)
    sent = next((one for one in missed_callers.checks(desk.writer.session, row) if one.id == check), None)
    if sent is None or sent.found is not None:
        raise CallBackRefused(Said("This check is ended already: look at what was written down."))
    sent.found, sent.found_at = found.value, desk.writer.now
    _step(desk, row, Step.CHECK_ENDED, words, found=found.value)


def note(desk: Desk, key: str, words: str) -> None:
    """Write something down beside a caller."""
    if not words.strip():
        raise CallBackRefused(Said("Write what the next officer must know."))
    _step(desk, _locked(desk, key), Step.NOTE, words)


def send_text(desk: Desk, key: str, places: tuple[str, ...], lang: str = "en") -> None:
    """Ask for one text to a caller, where their answering point allows it; `places` are its communities.

    An incoming text can give away somebody who hides: the answering point decides, and none is asked by default.
    """
    row = _mine(desk, key)
    if row.psap not in missed_callers.texting(desk.writer.session):
        raise CallBackRefused(Said("This answering point does not let its callers be texted."))
    number = missed_callers.phone(row, desk.sealer)
    if not number or row.texted_at is not None:
        raise CallBackRefused(Said("This caller was texted already.") if number else Said("This caller has no number."))
    wanted = Wanted(Purpose.MISSED, number, lang, places)
    if not courtesies.ask(desk.writer.session, desk.sealer, wanted, Budget(prefix=MANY_TEXTS, a_day=MANY_TEXTS)):
        raise CallBackRefused(Said("This number was sent too many texts today: call it."))
    row.texted_at = desk.writer.now
    _step(desk, row, Step.TEXTED)


def let_text(writer: Writer, psap: str, *, allowed: bool) -> None:
    """An answering point lets its missed callers be texted, or no longer."""
    row = writer.session.get(MissedTextPolicy, psap)
    if allowed and row is None and writer.user_id is not None:
        writer.session.add(MissedTextPolicy(psap=psap, set_by=writer.user_id, set_at=writer.now))
    elif not allowed and row is not None:
        writer.session.delete(row)
    ledger.append(writer.session, writer.actor, "missed-text-policy", f"psap:{psap}", {"allowed": allowed})


def _locked(desk: Desk, key: str) -> MissedCaller:
    row = missed_callers.locked(desk.writer.session, desk.outage.id, key)
    if row is None or desk.psap not in (None, row.psap):
        raise CallBackRefused(Said("There is no such caller: look at the list again."))
    if row.forgotten_at is not None:
        raise CallBackRefused(Said("Who this was has been deleted: the outage ended long ago."))
    return row


def _mine(desk: Desk, key: str) -> MissedCaller:
    row = _locked(desk, key)
    if not desk.has(row):
        raise CallBackRefused(Said("Take this caller on first: somebody else may be calling."))
    return row


def _settle(desk: Desk, row: MissedCaller, outcome: Outcome) -> None:
    _release(row, Standing.SETTLED)
    row.outcome, row.outcome_at, row.outcome_by = outcome.value, desk.writer.now, desk.writer.user_id
    row.due_at = None


def _release(row: MissedCaller, standing: Standing) -> None:
    row.standing, row.claimed_by, row.claimed_link, row.claimed_at = standing.value, None, None, None


def _step(
    desk: Desk, row: MissedCaller, what: Step, words: str = "", outcome: Outcome | None = None, **said: object
) -> None:
    writer, kept = desk.writer, words.strip()[:LONGEST_WORDS]
    step = MissedStep(caller_id=row.id, at=writer.now, by=writer.name, what=what.value)
    step.outcome = outcome.value if outcome else None
    step.words_enc = desk.sealer.seal(kept, row.whose) if kept else None
    writer.session.add(step)
    told = {
        "outage": desk.outage.public_id,
        "psap": row.psap,
        **({"outcome": outcome.value} if outcome else {}),
        **said,
    }
    ledger.append(
        writer.session, writer.actor, f"missed-{what.value.replace('_', '-')}", f"missed:{row.public_id}", told
    )
