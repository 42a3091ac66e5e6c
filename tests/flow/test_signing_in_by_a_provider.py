"""Signing in by the agency's identity provider: whose account it is, what attackers bring back, a night without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from broadcaster.channels.http import Limits
from broadcaster.store.database import Sessions
from broadcaster.store.desk import identities, people, tidings
from broadcaster.store.desk.identities import ProviderIdentity
from broadcaster.store.desk.people import User
from broadcaster.store.desk.tidings import News
from broadcaster.store.timeline.ledger import AuditEvent
from broadcaster.web.house import NAME, OUTER
from broadcaster.web.signin import accounts
from broadcaster.web.signin.provider import Provider
from tests.desk import AUDITOR, ISSUER, PASSWORD, SECOND, Browser, Desk, settings, walk
from tests.oidc import Idp

ADMIN = "ana@desk.example"
PAGE, ANSWER = "/desk/sign-in/provider", "/desk/sign-in/provider/answer"
MFA = {"amr": ["pwd", "otp"]}


@pytest.fixture
def idp() -> Iterator[Idp]:
    made = Idp(lambda: desks[0].now)
    desks: list[Desk] = []
    made.desks = desks  # type: ignore[attr-defined] # whose clock it goes by
    yield made
    made.close()


@pytest.fixture
def desk(sessions: Sessions, idp: Idp) -> Desk:
    made = Desk(sessions, chosen=settings(**idp.settings))
    idp.desks.append(made)  # type: ignore[attr-defined]
    with sessions.begin() as store:
        accounts.add_user(store, made.sealer, ADMIN, "Ana", PASSWORD, ["admin"])
    return made


def verified(email: str) -> dict[str, object]:
    return {"email": email, "email_verified": True}


def to_the_provider(browser: Browser, goal: str = "") -> str:
    """Press the link of the sign-in page; where it leads."""
    sent = browser.client.get(PAGE, query_string={"next": goal} if goal else {})
    assert sent.status_code == 303, sent.get_data(as_text=True)
    return str(sent.location)


def by_the_provider(desk: Desk, idp: Idp, sub: str, browser: Browser | None = None, **claims: object) -> Browser:
    made = browser or desk.browser()
    return made.open(idp.signed_in(to_the_provider(made), sub, **claims))


def connected(desk: Desk, idp: Idp, email: str, sub: str, **claims: object) -> Browser:
    """Somebody connects their account, signed in here."""
    browser = desk.browser(email)
    browser.open("/desk/account/").send("/account/provider", code=desk.code(email))
    there = browser.page.xpath("//a[starts-with(@href, 'http://127.0.0.1')]/@href")[0]
    return browser.open(idp.signed_in(there, sub, **(verified(email) | claims)))


def rows(desk: Desk) -> list[tuple[str, str, bool]]:
    with desk.sessions() as store:
        found = store.scalars(select(ProviderIdentity).order_by(ProviderIdentity.id))
        return [(row.user.email, row.subject, row.linked_at is not None) for row in found]


def events(desk: Desk, action: str) -> list[tuple[str, str]]:
    with desk.sessions() as store:
        query = select(AuditEvent.actor, AuditEvent.object).where(AuditEvent.action == action)
        return [tuple(row) for row in store.execute(query.order_by(AuditEvent.seq))]  # type: ignore[misc]


def test_whoever_connected_it_comes_by_it_and_still_approves_by_a_code_of_ours(desk: Desk, idp: Idp) -> None:
    author = desk.browser(ISSUER)
    walk(desk, author)
    author.send("/submit")
    abe = desk.browser(SECOND).open("/desk/account/")
    abe.send("/account/provider", code="000000")
    assert abe.status == 422 and rows(desk) == []
    abe = connected(desk, idp, SECOND, "abe-1")
    assert "Connected: State Login signs you in" in abe.words and rows(desk) == [(SECOND, "abe-1", True)]
    assert events(desk, "identity-linked") == [(SECOND, SECOND)]
    abe.send("/sign-out")
    browser = desk.browser()
    there = to_the_provider(browser, author.path)
    browser.open(idp.signed_in(there, "abe-1", **MFA))
    assert browser.path == author.path and "Abe" in browser.words
    browser.send("/approve", code="000000")
    assert browser.status == 422, "to approve takes a proof of this desk, however somebody came in"
    browser.open(author.path).send("/approve", code=desk.code(SECOND))
    assert browser.path == author.path.split("/revisions/")[0]
    assert "by the identity provider" in browser.open("/desk/account/sessions").words
    browser.open("/desk/account/").send("/end")
    assert "opens nothing here any more" in browser.words and rows(desk) == []
    with desk.sessions.begin() as store:
        mails = iter(lambda: tidings.take(store, desk.now), None)
        assert [mail.what for mail in mails if mail] == [News.IDENTITY]


def test_one_factor_there_takes_our_own_second_one(desk: Desk, idp: Idp) -> None:
    connected(desk, idp, ISSUER, "ida-1")
    browser = by_the_provider(desk, idp, "ida-1", amr=["pwd"])
    assert browser.path == f"{PAGE}/second" and "which showed us one factor alone" in browser.words
    assert browser.open("/desk/new").path == "/desk/sign-in"
    browser.open(f"{PAGE}/second").send("/second", code="000000")
    assert browser.status == 422 and events(desk, "sign-in-failed") == [("web", ISSUER)]
    browser.send("/second", code=desk.code(ISSUER))
    assert browser.path == "/desk/" and "Ida" in browser.words
    late = by_the_provider(desk, idp, "ida-1")
    desk.later(minutes=10)
    late.send("/second", code=desk.code(ISSUER))
    assert late.status == 422 and "took too long" in late.words


def test_nobody_is_made_and_nobody_learns_who_there_is(desk: Desk, idp: Idp) -> None:
    with desk.sessions.begin() as store:
        ended = people.by_email(store, AUDITOR)
        assert ended is not None
        identities.link(store, identities.Told(idp.issuer, "una-1", AUDITOR), ended, desk.now)
        ended.active = False
        users = store.query(User).count()
    comers = {
        "known": ("ida-9", verified(ISSUER)),
        "unknown": ("eve-1", verified("eve@elsewhere.example")),
        "unverified": ("eve-2", {"email": SECOND, "email_verified": False}),
        "without an address": ("eve-3", {}),
        "ended": ("una-1", verified(AUDITOR)),
        "ended, by another account": ("una-2", verified(AUDITOR)),
    }
    said = set()
    for sub, claims in comers.values():
        browser = by_the_provider(desk, idp, sub, **claims, **MFA)
        assert (browser.status, browser.path) == (422, ANSWER) and browser.open("/desk/new").path == "/desk/sign-in"
        said.add(by_the_provider(desk, idp, sub, **claims, **MFA).words)
    assert len(said) == 1 and "opens nothing here yet" in said.pop()
    assert rows(desk) == [(AUDITOR, "una-1", True), (ISSUER, "ida-9", False)]
    with desk.sessions() as store:
        assert store.query(User).count() == users


def test_an_administrator_accepts_and_ends(desk: Desk, idp: Idp) -> None:
    by_the_provider(desk, idp, "ida-9", **verified(ISSUER))
    with desk.sessions() as store:
        row = store.scalars(select(ProviderIdentity)).one()
        page = f"/desk/people/{row.user_id}"
    ana = desk.browser(ADMIN).open(page)
    assert "tried to sign in" in ana.words and "Known there as ida-9" in ana.words
    ana.send("/accept", code="000000")
    assert ana.status == 422 and rows(desk) == [(ISSUER, "ida-9", False)]
    ana.send("/accept", code=desk.code(ADMIN))
    assert "Accepted" in ana.words and events(desk, "identity-linked") == [(ADMIN, ISSUER)]
    ida = by_the_provider(desk, idp, "ida-9", **MFA)
    assert ida.path == "/desk/"
    ana.open(page).send(f"/identities/{row.id}/end")
    assert "opens nothing here" in ana.words and ida.open("/desk/new").path == "/desk/sign-in"
    assert by_the_provider(desk, idp, "ida-9", **MFA).status == 422 and rows(desk) == []
    by_the_provider(desk, idp, "ana-1", **verified(ADMIN))
    with desk.sessions() as store:
        mine = store.scalars(select(ProviderIdentity)).one()
    own = ana.open(f"/desk/people/{mine.user_id}")
    assert not own.has("/accept")
    token = own.values("/end")["csrf_token"][0]
    form = {"csrf_token": token, "code": desk.code(ADMIN)}
    own.client.post(f"/desk/people/{mine.user_id}/identities/{mine.id}/accept", data=form)
    assert rows(desk) == [(ADMIN, "ana-1", False)], "nobody accepts their own"


def test_an_answer_counts_once_soon_and_in_the_browser_that_asked(desk: Desk, idp: Idp) -> None:
    connected(desk, idp, ISSUER, "ida-1")
    victim, thief = desk.browser(), desk.browser()
    back = idp.signed_in(to_the_provider(thief), "ida-1", **MFA)
    assert victim.open(back).status == 422, "an answer to somebody else's question (CSRF of the callback)"
    to_the_provider(victim)
    assert victim.open(back).status == 422, "the same in a browser that asked too"
    cookie = thief.client.get_cookie("desk-demo")
    assert cookie is not None and thief.open(back).path == "/desk/"
    thief.client.set_cookie("desk-demo", cookie.value)
    assert "has its answer already" in thief.open(back).words, "replayed, with a copy of the cookie"
    late = desk.browser()
    back = idp.signed_in(to_the_provider(late), "ida-1", **MFA)
    desk.later(minutes=10)
    assert late.open(back).status == 422 and late.open("/desk/new").path == "/desk/sign-in"
    refused = desk.browser()
    state = idp.signed_in(to_the_provider(refused)).split("state=")[1].split("&")[0]
    assert "cannot be used" in refused.open(f"{ANSWER}?error=access_denied&state={state}").words
    for lie in ({"nonce": "another"}, {"aud": "another desk"}, {"iss": "https://login.elsewhere.example"}):
        liar = by_the_provider(desk, idp, "ida-1", **MFA, **lie)
        assert liar.status == 422 and "cannot be used" in liar.words and liar.has("/desk/sign-in"), lie


def test_nobody_is_connected_by_somebody_elses_answer(desk: Desk, idp: Idp) -> None:
    ida, abe = desk.browser(ISSUER), desk.browser(SECOND)
    ida.open("/desk/account/").send("/account/provider", code=desk.code(ISSUER))
    there = ida.page.xpath("//a[starts-with(@href, 'http://127.0.0.1')]/@href")[0]
    assert abe.open(idp.signed_in(there, "ida-1", **verified(ISSUER))).status == 422
    ida.open(idp.signed_in(there, "eve-1", **verified("eve@elsewhere.example")))
    assert "does not say that your address here is yours" in ida.words
    assert "does not say" in connected(desk, idp, ISSUER, "ida-1", email_verified=False).words and rows(desk) == []
    connected(desk, idp, ISSUER, "ida-1")
    assert "connected with somebody else" in connected(desk, idp, SECOND, "ida-1").words
    assert rows(desk) == [(ISSUER, "ida-1", True)]


def test_a_subject_is_somebody_only_with_its_issuer(desk: Desk, idp: Idp) -> None:
    with desk.sessions.begin() as store:
        ida = people.by_email(store, ISSUER)
        assert ida is not None
        identities.link(store, identities.Told("https://login.elsewhere.example", "1", ISSUER), ida, desk.now)
    assert by_the_provider(desk, idp, "1", **MFA).status == 422
    connected(desk, idp, SECOND, "1")
    assert "Abe" in by_the_provider(desk, idp, "1", **MFA).words


@pytest.mark.parametrize(
    ("goal", "lands"),
    [
        ("/desk/new", "/desk/new"),
        ("https://elsewhere.example/desk/", "/desk/"),
        ("//elsewhere.example", "/desk/"),
        ("/desk/\r\nSet-Cookie: a=b", "/desk/"),
        ("\\\\elsewhere.example", "/desk/"),
    ],
)
def test_nobody_is_led_elsewhere(desk: Desk, idp: Idp, goal: str, lands: str) -> None:
    connected(desk, idp, ISSUER, "ida-1")
    browser = desk.browser()
    browser.open(idp.signed_in(to_the_provider(browser, goal), "ida-1", **MFA))
    assert browser.path == lands


def test_a_night_without_it(desk: Desk, idp: Idp) -> None:
    hasty = Provider(desk.chosen, Limits(total_s=0.2))
    for name in (NAME, OUTER):
        desk.app.extensions[name] = replace(desk.app.extensions[name], provider=hasty)
    idp.broken = dict.fromkeys(("/.well-known/openid-configuration", "/token"), 0)
    browser = desk.browser().open(f"{PAGE}?next=/desk/new")
    assert browser.status == 503 and "State Login does not answer. Sign in here instead" in browser.words
    browser.send("/desk/sign-in", email=ISSUER, password=PASSWORD, code=desk.code(ISSUER))
    assert browser.path == "/desk/new", "the sign-in of the desk stands on the same page, and goes where they wanted"
    browser.open("/desk/account/").send("/account/provider", code=desk.code(ISSUER))
    assert "does not answer: try again later" in browser.words
    idp.close()
    assert desk.browser(SECOND).path == "/desk/"


def test_a_desk_without_one_has_no_such_door(sessions: Sessions) -> None:
    desk = Desk(sessions)
    browser = desk.browser().open("/desk/sign-in")
    assert "/sign-in/provider" not in browser.text
    assert (browser.open(PAGE).status, browser.open(ANSWER).status) == (404, 404)
    assert "Identity provider" not in desk.browser(ISSUER).open("/desk/account/").words
