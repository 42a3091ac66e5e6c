"""Residents sign up, change and leave: without a password, without a script, and never by the page alone.

A form is kept until its phone answers. Whoever asks is told the same whether we know the number or not, and the same
statements run: what is different happens later, in the sweep, and shows on the phone itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from broadcaster import logs
from broadcaster.alert.phone import PhoneRefused, display, parse_personal
from broadcaster.channels import proof
from broadcaster.dispatch.residents.frontdoor import FrontDoor
from broadcaster.dispatch.residents.whereabouts import Whereabouts
from broadcaster.dispatch.waves.courtesies import MINE
from broadcaster.feeds import replies
from broadcaster.feeds.replies import Reception
from broadcaster.messages.book import FALLBACK, NAMES, RIGHT_TO_LEFT, normal
from broadcaster.messages.template import plain
from broadcaster.store.fanout import courtesies
from broadcaster.store.fanout.courtesies import Budget, Purpose, Wanted
from broadcaster.store.public import signups
from broadcaster.store.public.signups import MOST_PLACES, Mine, NewSignup
from broadcaster.web import sources
from broadcaster.web.headers import FIXED
from broadcaster.web.house import ASSETS, house

log = logs.get(__name__)
blueprint = Blueprint(
    "subscribe", __name__, url_prefix="/subscribe", static_folder=ASSETS / "subscribe", static_url_path="/static"
)
blueprint.record_once(lambda state: state.app.extensions["csrf"].exempt(blueprint))
LONGEST_PLACES = 1000
"""Characters of the field in which places are typed."""
LONGEST_POINT = 60
SHARE = 10
"""One source may spend a tenth of the day's texts: it can be a campus or a carrier's gateway, and never all of us."""


@dataclass
class Typed:
    """A form as somebody filled it in, what was read from it, and the sentences beside its fields."""

    phone: str = ""
    places: str = ""
    lang: str = FALLBACK
    landline: bool = False
    no_voice: bool = False
    e164: str = ""
    codes: tuple[str, ...] = ()
    found: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of_form(cls, desk: Reception, page_lang: str, *, with_phone: bool) -> Typed:
        """Read the form of this request."""
        given = request.form
        made = cls(
            phone=given.get("phone", "")[:40],
            places=given.get("places", "")[:LONGEST_PLACES],
            lang=normal(given.get("text_lang", "")) or page_lang,
            landline="landline" in given,
            no_voice="no_voice" in given,
        )
        if with_phone:
            made._read_phone(desk, page_lang)
        made._read_places(desk, page_lang)
        return made

    def _read_phone(self, desk: Reception, page_lang: str) -> None:
        try:
            self.e164 = parse_personal(self.phone)
        except PhoneRefused:
            self.problems["phone"] = [desk.say(page_lang, "bad_phone")]

    def _read_places(self, desk: Reception, page_lang: str) -> None:
        found: list[str] = []
        lines = [row.strip() for row in self.places.splitlines() if row.strip()] or [""]
        if len(lines) > MOST_PLACES:
            self.problems["places"] = [desk.say(page_lang, "too_many", each=str(MOST_PLACES))]
        for line in lines[:MOST_PLACES]:
            towns = desk.found(line)
            if len(towns) == 1:
                found.append(str(towns[0]["code"]))
                continue
            several = desk.say(page_lang, "which_one", each=replies.names(towns)) if towns else ""
            sentence = several or desk.say(page_lang, "bad_place", place=f"“{line}”")
            self.problems.setdefault("places", []).append(sentence)
        self.codes = tuple(dict.fromkeys(found))

    @classmethod
    def at_point(cls, desk: Reception, page_lang: str) -> Typed:
        """The form of this request with the community at its point among the places, to be confirmed by whoever asked.

        The point goes no further: it is neither kept nor shown again. Where several answer, their names are said.
        """
        made = cls.of_form(desk, page_lang, with_phone=False)
        made.problems.clear()
        towns = desk.named(_whereabouts().codes(request.form.get("point", "")[:LONGEST_POINT]))
        if len(towns) == 1:
            name = str(towns[0]["name"])
            typed = [row.strip() for row in made.places.splitlines() if row.strip()]
            made.places = "\n".join(dict.fromkeys([*typed, name]))
            made.found = desk.say(page_lang, "point_found", place=plain(name))
        else:
            several = desk.say(page_lang, "which_one", each=replies.names(towns)) if towns else ""
            made.problems["point"] = [several or desk.say(page_lang, "point_none")]
        return made


@blueprint.after_request
def may_ask_where(response: Response) -> Response:
    """These pages alone may ask the browser where it is; it asks its person."""
    policy = FIXED["Permissions-Policy"].replace("geolocation=()", "geolocation=(self)")
    response.headers["Permissions-Policy"] = policy
    return response


def _asks_where() -> bool:
    """Whether a form came by its button for finding the community, or with a point that nobody has confirmed yet."""
    return "find" in request.form or bool(request.form.get("point", "").strip())


@blueprint.get("")
def page() -> str:
    """The form."""
    lang = _lang()
    return _form(lang, Typed(lang=lang))


@blueprint.post("")
def sign_up() -> str | Response | tuple[str, int]:
    """Keep the form and text the phone, if the budgets allow it; the answer is the same if they do not."""
    lang, desk = _lang(), _door().reception()
    if _asks_where():
        typed = Typed.at_point(desk, lang)
        return _form(lang, typed), 422 if typed.problems else 200
    typed = Typed.of_form(desk, lang, with_phone=True)
    if typed.problems:
        return _form(lang, typed), 422
    kind = "voice" if typed.landline else "sms"
    new = NewSignup(kind, typed.e164, typed.lang, typed.codes, typed.no_voice, _words_read(desk, lang))
    with house().sessions.begin() as store:
        signups.ask(store, house().sealer, new, _source())
        if not typed.landline:
            _ask(store, Wanted(Purpose.VERIFY, typed.e164, typed.lang, typed.codes, _site()))
    return redirect(url_for("subscribe.sent", lang=lang, by="call" if typed.landline else "text"), 303)


@blueprint.get("/sent")
def sent() -> str:
    """What to do now, the same for everybody."""
    by_call = request.args.get("by") == "call" and bool(house().settings.lookup_voice)
    return _page("said.html", title="sent_title", sentence="sent_landline" if by_call else "sent")


@blueprint.get("/change")
def change() -> str:
    """Ask for a link to one's own page."""
    return _page("change.html", typed=Typed())


@blueprint.post("/change")
def send_link() -> str | Response | tuple[str, int]:
    """Text a link to a number, which says nothing of whether it is signed up."""
    lang, desk = _lang(), _door().reception()
    typed = Typed(phone=request.form.get("phone", "")[:40])
    typed._read_phone(desk, lang)
    if typed.problems:
        return _page("change.html", typed=typed), 422
    with house().sessions.begin() as store:
        _ask(store, Wanted(Purpose.LINK, typed.e164, lang, source=_site()))
    return redirect(url_for("subscribe.link_sent", lang=lang), 303)


@blueprint.get("/link-sent")
def link_sent() -> str:
    """The same for everybody."""
    return _page("said.html", title="change_title", sentence="link_sent")


@blueprint.get("/me/<token>")
def mine(token: str) -> str | tuple[str, int]:
    """Somebody's own page; nothing is changed by looking at it."""
    found = whose(token)
    if found is None:
        return _page("said.html", title="problem", sentence="bad_link"), 404
    names = [str(town["name"]) for town in _door().reception().named(found.places)]
    typed = Typed(places="\n".join(names), lang=found.lang, no_voice=found.no_voice)
    return _page("mine.html", lang=_lang(found.lang), typed=typed, token=token, saved="saved" in request.args)


@blueprint.post("/me/<token>")
def act(token: str) -> str | Response | tuple[str, int]:
    """Save what was changed, or leave."""
    found = whose(token)
    if found is None:
        return _page("said.html", title="problem", sentence="bad_link"), 404
    lang = _lang(found.lang)
    if "leave" in request.form:
        with house().sessions.begin() as store:
            signups.leave(store, found)
        return _page("said.html", lang=lang, title="change_title", sentence="left")
    reading = Typed.at_point(_door().reception(), lang) if _asks_where() else None
    typed = reading or Typed.of_form(_door().reception(), lang, with_phone=False)
    if reading or typed.problems:
        return _page("mine.html", lang=lang, typed=typed, token=token, saved=False), 422 if typed.problems else 200
    with house().sessions.begin() as store:
        signups.change(store, found, typed.lang, typed.codes, no_voice=typed.no_voice)
    return redirect(url_for("subscribe.mine", token=token, saved=1), 303)


def whose(token: str) -> Mine | None:
    """Whose page a link opens; None when it is not ours, too old, or nobody's any more."""
    place = house().settings.keyring.first(lambda key: proof.place(key, MINE, token))
    if place is None or place[1] < house().clock().timestamp():
        return None
    with house().sessions() as store:
        return signups.of_address(store, place[0])


def _door() -> FrontDoor:
    door: FrontDoor = current_app.extensions.setdefault(
        "broadcaster-front-door", FrontDoor(house().sessions, house().office)
    )
    return door


def _whereabouts() -> Whereabouts:
    known: Whereabouts = current_app.extensions.setdefault("broadcaster-whereabouts", Whereabouts(house().sessions))
    return known


def _offered(desk: Reception) -> list[str]:
    """The languages in which the pages may be read."""
    return [lang for lang in NAMES if desk.phrases.may_speak(lang)]


def _lang(wanted: str = "") -> str:
    """The language of this page: as asked for, else as the browser prefers, among those that may be spoken."""
    offered = _offered(_door().reception())
    asked = [request.args.get("lang", ""), request.form.get("lang", ""), wanted]
    asked += [tag for tag, _ in request.accept_languages]
    return next((found for tag in asked if (found := normal(tag)) in offered), FALLBACK)


def _form(lang: str, typed: Typed) -> str:
    return _page("form.html", lang=lang, typed=typed)


def _page(name: str, *, lang: str = "", **more: Any) -> str:
    desk, lang = _door().reception(), lang or _lang()
    settings = house().settings
    doors = {"lookup_sms": settings.lookup_sms or settings.twilio_from, "lookup_voice": settings.lookup_voice}
    own = {name: replies.shown(desk, lang, display(number)) for name, number in doors.items()}
    own["authority"] = settings.authority
    return render_template(
        f"subscribe/{name}",
        lang=lang,
        dir="rtl" if lang in RIGHT_TO_LEFT else "ltr",
        t=lambda phrase: desk.say(lang, phrase, **own),
        numbers=own,
        knows_points=_whereabouts().is_known,
        offered=_offered(desk),
        tongues=NAMES,
        **more,
    )


def _words_read(desk: Reception, lang: str) -> str:
    """The SHA-256 of the sentences that stood on the page when the button was pressed."""
    names: Sequence[str] = ("page_title", "landline", "no_voice", "agree", "send")
    return sha256("\n".join(desk.say(lang, name) for name in names).encode()).hexdigest()


def _source() -> str:
    """Where a form came from, so that it can be proved and not read: the keyed hash of the address."""
    return house().sealer.index(f"from:{request.remote_addr}").hex()[:32]


def _site() -> str:
    site = sources.site()
    return house().sealer.index(f"site:{site}").hex()[:32] if site else ""


def _ask(store: Session, wanted: Wanted) -> None:
    """Queue a text where the budgets allow it. The log has a line either way: refusals in a row are a bot at work."""
    most = house().settings.signup_texts_per_day
    budget = Budget(source=max(1, most // SHARE), a_day=most)
    allowed = courtesies.ask(store, house().sealer, wanted, budget)
    log.info("courtesy_asked", purpose=wanted.purpose.value, allowed=allowed)
