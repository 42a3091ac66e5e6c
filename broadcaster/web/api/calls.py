"""What each call of the API does; like any view it checks, calls, answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import cast

from flask import request
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcaster import audience
from broadcaster.alert import alert as heart
from broadcaster.alert.alert import Content, Problem, RevisionKind, content_from_json, content_to_json
from broadcaster.alert.lifecycle import HEARD, AlertKind, LifecycleRefused, Move, ReleaseState, Tier
from broadcaster.alert.policy import needs_two_people
from broadcaster.directory import Directory
from broadcaster.dispatch import actions
from broadcaster.dispatch.actor import Actor
from broadcaster.dispatch.practice import canary
from broadcaster.dispatch.revision import preview as previews
from broadcaster.dispatch.revision.plan import Draft
from broadcaster.dispatch.revision.preview import Preview
from broadcaster.dispatch.revision.render import EVERYTHING, Look
from broadcaster.dispatch.revision.worded import SmsText
from broadcaster.receipts import tally
from broadcaster.store.alerting.alerts import Alert, Revision
from broadcaster.store.desk.people import User
from broadcaster.store.places import directory_load
from broadcaster.web.api import content as api_content
from broadcaster.web.api import models as m
from broadcaster.web.api.area import located, shown_area
from broadcaster.web.api.problem import Refused
from broadcaster.web.house import house
from broadcaster.web.outages import hanging
from broadcaster.web.release import acting, seat
from broadcaster.web.signin import accounts
from broadcaster.web.signin.guard import person

BRIEF = 20
WRONG_CODE = "This code does not fit, or it was used already: wait for the next one and send that."


class WrongCode(Refused):
    """A one-time code that does not fit."""

    def __init__(self) -> None:
        super().__init__(Problem("totp", WRONG_CODE))


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its transaction, who acts, which alert, and the checked body."""

    store: Session
    actor: Actor
    alert: str
    body: BaseModel

    @property
    def newest(self) -> Revision:
        """The newest revision of the alert; 404 when there is none."""
        return acting.newest(self.store, self.alert)


def create(call: Call) -> m.AlertOut:
    """A draft of a new alert."""
    directory = directory_load.load(call.store)
    body = located(cast(m.AlertIn, call.body), call.store, directory, call.actor.office.state_fips)
    content = api_content.changed(api_content.blank(call.actor.now), body, directory, call.actor.now)
    _refuse_impossible(RevisionKind.INITIAL, content, directory)
    revision = actions.new_alert(call.actor, body.kind, content)
    hanging.hang(call.store, revision, directory)
    return told(call, revision)


def create_canary(call: Call) -> m.AlertOut:
    """A draft of a canary: a test for the one phone of CANARY_PHONE. 409 while texts of an alert are going out."""
    if not call.actor.office.canary_phone:
        raise Refused(Problem("CANARY_PHONE", "CANARY_PHONE is not set where the desk runs: set it there too."))
    canary.check_free(call.store)
    said = canary.content(call.store, call.actor.now)
    _refuse_impossible(RevisionKind.INITIAL, said, directory_load.load(call.store, agencies=False))
    return told(call, actions.new_alert(call.actor, AlertKind.CANARY, said))


def change(call: Call) -> m.AlertOut:
    """Change the draft."""
    row, directory = call.newest, directory_load.load(call.store)
    if row.frozen_at is not None:
        raise LifecycleRefused("This revision was submitted already: what was frozen is never changed.")
    body = located(cast(m.ChangeIn, call.body), call.store, directory, call.actor.office.state_fips)
    content = api_content.changed(content_from_json(row.content), body, directory, call.actor.now)
    content = api_content.everywhere(content, directory)
    _refuse_impossible(RevisionKind(row.kind), content, directory, but=() if body.confirmations else ("confirmations",))
    return told(call, actions.edit(call.actor, row, content))


def _refuse_impossible(
    kind: RevisionKind, content: Content, directory: Directory, but: tuple[str, ...] = ()
) -> None:  # fmt: skip
    found = [each for each in _problems(kind, content, directory) if each.field not in but]
    if found:
        raise Refused(*found)


def _problems(kind: RevisionKind, content: Content, directory: Directory) -> list[Problem]:
    inside = () if content.area.is_empty else audience.affected(content.area, directory)
    return heart.problems(kind, content, inside)


def submit(call: Call) -> m.AlertOut:
    """Freeze exactly what was previewed and ask for its release."""
    return told(call, actions.submit(call.actor, call.newest))


def release_agencies(call: Call) -> m.AlertOut:
    """The agency tier, at once."""
    row = call.newest
    actions.release_agencies(call.actor, row)
    return told(call, row)


def approve(call: Call) -> m.AlertOut:
    """The public tier, by a second person, for the hash that they read."""
    body, row = cast(m.ApproveIn, call.body), call.newest
    spend_code(call, body.totp)
    actions.approve(call.actor, row, body.hash)
    return told(call, row)


def send_back(call: Call) -> m.AlertOut:
    """Back to the author, with a reason."""
    return _turned_down(call, Move.RETURN)


def reject(call: Call) -> m.AlertOut:
    """Not to go out, with a reason."""
    return _turned_down(call, Move.REJECT)


def _turned_down(call: Call, move: Move) -> m.AlertOut:
    row = call.newest
    actions.turn_down(call.actor, row, move, cast(m.ReasonIn, call.body).reason)
    return told(call, row)


def hold(call: Call) -> m.AlertOut:
    """Stop at once what is going out; one person is enough to stop."""
    alert = acting.newest(call.store, call.alert, locked=True).alert
    out = acting.out(call.store, alert, cast(m.HoldIn, call.body).tier)
    going = [(row, Tier(release.tier)) for row, release in out if release.state == ReleaseState.RELEASED]
    for row, tier in going:
        actions.hold(call.actor, row, tier)
    if not going:
        raise LifecycleRefused("Nothing of this alert is going out.")
    return told(call, max((row for row, _ in going), key=lambda row: row.no))


def resume(call: Call) -> m.AlertOut:
    """Let what is held go on; the public tier takes a second person and a code, as its approval did."""
    body = cast(m.ResumeIn, call.body)
    row, tiers = _held(call, body.tier)
    if any(needs_two_people(tier, RevisionKind(row.kind)) for tier in tiers):
        spend_code(call, body.totp)
    for tier in tiers:
        actions.resume(call.actor, row, tier, body.hash)
    return told(call, row)


def _held(call: Call, asked: Tier | None) -> tuple[Revision, list[Tier]]:
    """The newest revision with a tier on hold (a draft may stand in front of it), and those tiers."""
    for row in reversed(acting.alert_of(call.store, call.alert).revisions):
        held = [each for each in acting.releases_of(call.store, row).values() if each.state == ReleaseState.HELD]
        if tiers := [Tier(each.tier) for each in held if asked in (None, each.tier)]:
            return row, tiers
    raise LifecycleRefused("Nothing of this alert is on hold.")


def follow(call: Call) -> m.AlertOut:
    """The next revision, prefilled from the newest one that is out."""
    kind = cast(m.RevisionIn, call.body).kind
    alert = acting.alert_of(call.store, call.alert)
    return told(call, actions.next_draft(call.actor, alert, kind))


def listed(call: Call) -> m.ListOut:
    """The alerts, newest first; ``?state=open`` keeps those in a state."""
    query = select(Alert).where(Alert.kind.in_(HEARD)).order_by(Alert.id.desc()).limit(200)
    if state := request.args.get("state"):
        query = query.where(Alert.state == state)
    rows = call.store.scalars(query)
    return m.ListOut(
        alerts=[m.LineOut(id=a.public_id, kind=a.kind, state=a.state, known_since=a.known_since) for a in rows]
    )


def show(call: Call) -> m.StateOut:
    """State, clocks and counts."""
    alert = acting.alert_of(call.store, call.alert)
    plain = tally.board(call.store, alert, call.actor.now).json()
    revisions = [
        {
            "no": row.no,
            "kind": row.kind,
            "hash": row.hash,
            "frozen": row.frozen_at is not None,
            "releases": _releases(call, row),
        }
        for row in alert.revisions
    ]
    shared = {name: plain[name] for name in ("kind", "state", "as_of", "clocks", "channels", "agencies", "ipaws")}
    return m.StateOut(id=alert.public_id, revisions=revisions, **shared)


def preview(call: Call) -> m.AlertOut:
    """The newest revision with what every channel carries; ``?previews=full`` gives every text and mail."""
    return told(call, call.newest)


def spend_code(call: Call, code: str) -> None:
    """Spend a one-time code of the person in the transaction of the act; WrongCode when it does not fit."""
    user = call.store.get_one(User, person().id)
    if not accounts.use_code(call.store, house().sealer, user, code[:16], call.actor.now):
        raise WrongCode


def _releases(call: Call, row: Revision) -> dict[str, str]:
    return {tier: release.state for tier, release in acting.releases_of(call.store, row).items()}


def told(call: Call, row: Revision) -> m.AlertOut:
    """A revision as it stands, with what every channel carries."""
    plain, kind, content = directory_load.load(call.store), RevisionKind(row.kind), content_from_json(row.content)
    call.store.flush()
    stops = [] if row.frozen_at else _problems(kind, content, plain)
    wanted = not stops and not row.alert.is_canary and _wanted() != "none"
    shown = _preview(call, row, kind, content, plain) if wanted else None
    return m.AlertOut(
        id=row.alert.public_id,
        kind=row.alert.kind,
        state=row.alert.state,
        revision=row.no,
        revision_kind=row.kind,
        frozen=row.frozen_at is not None,
        hash=row.hash,
        releases=_releases(call, row),
        content=content_to_json(content),
        problems=[m.ProblemOut(**asdict(each)) for each in stops],
        findings=[m.FindingOut(**asdict(each)) for each in seat.all_findings(call.store, shown)] if shown else [],
        previews=_previews(shown) if shown else None,
    )


def _wanted() -> str:
    return request.args.get("previews", "brief")


def _preview(call: Call, row: Revision, kind: RevisionKind, content: Content, plain: Directory) -> Preview:
    look = EVERYTHING if _wanted() == "full" else Look(mails=BRIEF)
    if row.frozen_at is not None:
        return previews.of_frozen(call.store, call.actor.office, plain, row, look)
    draft = Draft(row.alert, kind, content)
    return previews.of_draft(call.store, call.actor.office, plain, draft, call.actor.now, look)


def _text(one: SmsText) -> m.TextOut:
    return m.TextOut.model_validate(one._asdict())


def _previews(shown: Preview) -> m.PreviewOut:
    most = None if _wanted() == "full" else BRIEF
    return m.PreviewOut(
        sms=[_text(each) for each in shown.sms[:most]],
        sms_count=len(shown.sms),
        text_first=[_text(each) for each in shown.text_first[:most]],
        text_first_count=len(shown.text_first),
        calls=[m.CallOut(**each._asdict()) for each in shown.calls[:most]],
        mails=[
            m.MailOut(agency=each.agency, subject=each.message.subject, text=each.message.text)
            for each in shown.mails[:most]
        ],
        mail_count=shown.reach.agencies,
        cap=shown.cap_xml,
        page=asdict(shown.page),
        wea=[m.ScreenOut(lang=each.lang, wea90=each.short, wea360=each.long) for each in shown.wea],
        eas=[m.SpokenOut(is_cut=each.is_cut, **asdict(each)) for each in shown.eas],
        area=shown_area(shown.area),
        reach=asdict(shown.reach),
        unanswered=[each.community for each in shown.unanswered],
        stale_numbers=shown.stale,
        missing_languages=list(shown.missing_languages),
    )
