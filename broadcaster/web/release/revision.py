"""One revision: exactly what will go out over every channel, and what this person may do with it now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy.orm import Session

from broadcaster.alert.alert import NUMBERED, ChannelName, RevisionKind, content_from_json
from broadcaster.alert.guards import guards
from broadcaster.alert.lifecycle import LifecycleRefused, ReleaseState, Role, check_approver
from broadcaster.alert.lifecycle import Tier as TierName
from broadcaster.alert.policy import needs_two_people
from broadcaster.directory import Directory
from broadcaster.dispatch.documents import pictures
from broadcaster.dispatch.revision import caution, render, second_person
from broadcaster.dispatch.revision import preview as previews
from broadcaster.dispatch.revision.plan import Draft
from broadcaster.dispatch.revision.preview import Preview
from broadcaster.dispatch.revision.render import Look
from broadcaster.dispatch.revision.worded import SmsText
from broadcaster.feeds import area_map
from broadcaster.feeds.finding import Concern, Finding
from broadcaster.feeds.places import county_title
from broadcaster.said import Said
from broadcaster.store.alerting import areas
from broadcaster.store.alerting.alerts import Release, Revision
from broadcaster.store.desk.people import User
from broadcaster.store.fanout import senders
from broadcaster.store.places import directory_load, town_shapes, unverified
from broadcaster.web.form import numbers as form_numbers
from broadcaster.web.form import seen
from broadcaster.web.form.typed import FIELDS
from broadcaster.web.house import house
from broadcaster.web.release import acting, agency_lists, alone, paged, seat
from broadcaster.web.release.alone import Slip
from broadcaster.web.signin.guard import person, require_person

revision = Blueprint("revision", __name__, url_prefix="/desk")
revision.before_request(require_person)


MOST_TEXTS = 200
"""Texts that the check holds itself; more stand on a page of their own, by language."""
MOST_LINES = 12
"""Numbers that the check asks for by itself; the rest stand on their own page."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a revision stands and what this person may do; `why_not` says why they cannot approve."""

    frozen: bool
    agency: Release | None
    public: Release | None
    newest: int
    may_issue: bool
    why_not: str
    one_tier: bool

    @property
    def decides(self) -> bool:
        """Whether this person can approve now."""
        return self.waits and not self.why_not

    @property
    def waits(self) -> bool:
        """Whether a second person has to decide."""
        return self.public is not None and self.public.state == ReleaseState.PENDING

    @property
    def agencies_can_hear(self) -> bool:
        """Whether an issuer can release to agencies alone."""
        waits = self.agency is not None and self.agency.state == ReleaseState.PENDING
        return waits and self.may_issue and not self.one_tier and not self.turned_down

    @property
    def turned_down(self) -> bool:
        """Whether the public tier was returned or rejected."""
        return self.public is not None and self.public.state in (ReleaseState.RETURNED, ReleaseState.REJECTED)

    @property
    def editable(self) -> bool:
        """Whether an edit makes sense: a draft, one that waits, or one that came back."""
        return self.may_issue and (not self.frozen or self.waits or self.turned_down)


@revision.get("/alerts/<alert>/revisions/<int:no>")
def page(alert: str, no: int) -> str:
    """The preview; before submit it is made now, afterwards it is read from the frozen rows."""
    with house().sessions.begin() as store:
        return shown(store, acting.revision_of(store, alert, no))


@revision.get("/alerts/<alert>/revisions/<int:no>/mail/<agency>")
def mail(alert: str, no: int, agency: str) -> Response:
    """One agency's mail as its reader sees it, on a page that can load and run nothing."""
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        found = previewed(store, row, directory_load.load(store), Look(agency=agency, called="")).mails
    if not found:
        abort(404, description=Said("No mail goes to this agency."))
    answer = Response(found[0].message.html, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    return answer


@revision.get("/alerts/<alert>/revisions/<int:no>/texts")
def texts(alert: str, no: int) -> str:
    """Every text of one language: of a whole state they are too many for the check."""
    with house().sessions.begin() as store:
        row = acting.revision_of(store, alert, no)
        found = previewed(store, row, directory_load.load(store), Look(mails=0, called="")).sms
        langs = list(dict.fromkeys(text.lang for text in found))
        wanted = request.args.get("lang", "")
        lang = wanted if wanted in langs else next(iter(langs), "en")
        here = [text for text in found if text.lang == lang]
        return render_template("desk/texts.html", alert=alert, no=no, texts=here, langs=langs, lang=lang)


def previewed(store: Session, row: Revision, directory: Directory, look: Look) -> Preview:
    """What goes out, by the code that sends."""
    if row.frozen_at is not None:
        return previews.of_frozen(store, house().office, directory, row, look)
    draft = Draft(row.alert, RevisionKind(row.kind), content_from_json(row.content))
    return previews.of_draft(store, house().office, directory, draft, house().clock(), look)


def shown(store: Session, row: Revision, problem: str = "", reason: str = "", slip: Slip | None = None) -> str:
    """The page, with a sentence beside the field that was wrong."""
    directory = directory_load.load(store)
    preview = previewed(store, row, directory, Look(mails=1, called=request.args.get("community", "")))
    sample = _sample(preview.sms)
    numbered = RevisionKind(row.kind) in NUMBERED
    open_fields = row.frozen_at is None and numbered
    left = form_numbers.left(store, row, preview.content, directory) if open_fields else form_numbers.Left({})
    facts = caution.facts(store, directory, preview, row.alert, house().clock())
    return render_template(
        "desk/revision.html",
        row=row,
        seen=seen.mark(row),
        kind=RevisionKind(row.kind),
        preview=preview,
        folded=folded(preview.findings),
        sample=sample,
        sample_langs=[text.lang for text in preview.sms if sample and text.community == sample.community],
        guards=guards(facts),
        unverified=unverified.contacts(store, {told.agency for told in preview.told}, house().clock().date()),
        earlier=facts.earlier,
        three=three(preview.sms),
        lines=form_numbers.to_look_at(preview.content, directory, left.typed) if open_fields else [],
        left_at=left.at,
        most_lines=MOST_LINES,
        most_texts=MOST_TEXTS,
        rungs=form_numbers.RUNGS,
        worded={text.community: text.name for text in preview.sms},
        standing=standing(store, row),
        people=_names(store, row),
        place=areas.place(store, preview.content.area),
        map=area_map.drawn(preview.around, preview.area, pictures.names(directory)),
        made_up=town_shapes.is_generated(store),
        county_names=county_names(directory),
        off=_off(store, preview),
        keeps_from=KEEPS_FROM,
        left_out=agency_lists.left_out(preview.content, directory),
        role_name=agency_lists.role_name,
        seat=seat.standing(store) if ChannelName.IPAWS in preview.content.channels else [],
        seat_down=seat.is_down(store),
        seat_findings=seat.findings(store, preview),
        names={community.code: community.name for community in directory.communities},
        has_form=bool(FIELDS[RevisionKind(row.kind)]),
        alone=alone.offers(store, row, acting.releases_of(store, row).get(TierName.PUBLIC)),
        calls=paged.clock(store, row),
        has_numbers=numbered,
        problem=problem,
        reason=reason,
        slip=slip,
    )


def folded(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """Each sentence once, where it was found first, and how many times: a note on every language is one note."""
    times = Counter((each.level, each.sentence) for each in findings)
    first = {(each.level, each.sentence): each for each in reversed(findings)}
    return [(first[what], many) for what, many in times.items()]


def county_names(directory: Directory) -> dict[str, str]:
    """``Hampden County`` by FIPS code."""
    return {fips: county_title(name) for fips, name in directory.county_names.items()}


OFF = {
    ChannelName.SMS: Said("Texts to phones are off: no carrier is set up."),
    ChannelName.EMAIL: Said("Agency mail is off: no mail server is set up."),
}
NO_CALLS = Said("Calls to landlines are off: no number to call from is set up (TWILIO_VOICE_FROM).")
NO_CALL_WORDS = Said("No landline is called: calls were set up after this was submitted. Edit and submit it again.")


KEEPS_FROM = {
    Concern.CAP: Said("Keeps it out of the feed and of IPAWS"),
    Concern.FEED: Said("Keeps it out of the feed"),
    Concern.IPAWS: Said("Keeps it out of IPAWS"),
    Concern.EAS: Said("Keeps it from radio and television (EAS)"),
    Concern.WEA: Said("Keeps it from phones (WEA)"),
}


def _off(store: Session, preview: Preview) -> list[str]:
    """The chosen ways out for which this installation has no sender: nothing goes out over them, and that is said."""
    chosen = preview.content.channels
    off: list[str] = [OFF[name] for name in chosen if name in OFF and not senders.is_set_up(store, name)]
    if ChannelName.SMS in chosen and preview.reach.landlines and not preview.reach.call_seconds:
        off.append(NO_CALL_WORDS if senders.is_set_up(store, render.CALL) else NO_CALLS)
    return off


def standing(store: Session, row: Revision) -> Standing:
    """What this person may do with a revision now."""
    releases = acting.releases_of(store, row)
    who = person()
    try:
        check_approver(who.id, second_person.editors_of(row), who.roles)
        why_not = ""
    except LifecycleRefused as refused:
        why_not = str(refused)
    return Standing(
        frozen=row.frozen_at is not None,
        agency=releases.get(TierName.AGENCY),
        public=releases.get(TierName.PUBLIC),
        newest=acting.newest(store, row.alert.public_id).no,
        may_issue=who.may(Role.ISSUER),
        why_not=why_not,
        one_tier=needs_two_people(TierName.AGENCY, RevisionKind(row.kind)),
    )


def _sample(texts: list[SmsText]) -> SmsText | None:
    """The text message shown as on a phone: the one asked for, else the first."""
    wanted, lang = request.args.get("community", ""), request.args.get("lang", "en")
    here = [text for text in texts if text.community == wanted] or texts
    return next((text for text in here if text.lang == lang), here[0] if here else None)


def three(texts: list[SmsText]) -> list[SmsText]:
    """Three texts to confirm by: the first and the last community in English, and the longest in another language."""
    english = [text for text in texts if text.lang == "en"]
    others = [text for text in texts if text.lang != "en"]
    longest = [max(others, key=lambda text: text.segments)] if others else []
    picked = [*english[:1], *english[1:][-1:], *longest]
    return picked or texts[:1]


def _names(store: Session, row: Revision) -> dict[int, str]:
    releases = acting.releases_of(store, row).values()
    ids = {row.authored_by, *(editor.user_id for editor in row.editors)}
    ids |= {release.approved_by for release in releases if release.approved_by}
    ids |= {release.requested_by for release in releases}
    found = (store.get(User, key) for key in ids)
    return {user.id: user.name for user in found if user}
