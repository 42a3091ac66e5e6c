"""Every address of the desk and the API, tried by every role: one table, and nothing stands beside it."""

from __future__ import annotations

import inspect
import re

import pytest
from werkzeug.routing import Rule

from broadcaster.store.agencies import agency_people
from broadcaster.store.alerting.answers import Given
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people
from broadcaster.web import application
from broadcaster.web.api import api, tokens
from broadcaster.web.signin import accounts
from broadcaster.web.signin.guard import only
from tests.desk import PASSWORD, Browser, Desk

ROLES = {"I": "issuer", "A": "approver", "M": "admin", "U": "auditor", "D": "directory-editor", "G": "agency", "N": ""}
"""By the letter in the tables; N has an account, and no role yet."""
STRANGERS = {"signin.page", "signin.enter", "signin.ask", "signin.by_passkey"}
STRANGERS |= {f"provider.{name}" for name in ("begin", "answer", "second", "enter")}
STRANGERS |= {"desk_tongue.choose"}
"""What signs people in is open to everybody, and styles and pictures are no pages."""
LAST = ("account.end", "signin.leave")
DESK = {
    "IAMUDGN": """
        account.page account.authenticator account.change account.password account.codes account.sessions account.end
        account.end_others passkeys.ask passkeys.begin passkeys.add passkeys.end identities.connect identities.end_own
        signin.leave""",
    "IAMUDG": "desk.home",
    "IAMUD": """
        board.page board.data board_stream.stream revision.page revision.mail outages.page outages.one notices.of_outage
        reports.page reports.file reports.fcc reports.full reports.statement paged.fragment paged.called paged.follow
        paged.trial paged.confirm detector.page detector.one detector.strip desk_trouble.page desk_trouble.strip
        missed.page missed.log missed.worklist missed.caller directory.page keeping.page words.overview words.edit
        revision.texts summary.page town_map.file
        words.version roster.page roster.mine roster.save drills.page drills.results inbox.page incoming.page""",
    "IAM": """
        outages.new outages.create outages.facts outages.change outages.note outages.hand_over outages.receive
        outages.take_over outages.close notices.new notices.create notices.page notices.take notices.dismiss
        detector.dismiss detector.plan detector.end desk_trouble.aside desk_trouble.links missed.read missed.take
        missed.links missed.make_link missed.end_link notices.judge notices.separate providers.page summary.mail
        drafts.save drafts.discard roster.add roster.remove roster.hand_over roster.receive""",
    "IA": """
        approval.resume glass.break_it glass.withdraw inbox.claim incoming.dismiss reports.save missed.take_next
        missed.claim missed.give_back missed.outcome missed.note missed.end_check missed.ring missed.send_text""",
    "I": """
        form.new form.create form.edit form.save form.ask form.follow numbers.page numbers.save
        approval.submit approval.release_agencies approval.hold together.join together.take_over
        together.discard lines.tell incoming.take detector.draft desk_trouble.draft notices.draft notices.pass_on
        drills.practise drills.start drills.finish outages.again outages.join outages.part""",
    "A": "approval.approve approval.send_back approval.reject glass.review glass.end_for_agencies",
    "IM": "missed.export",
    "AM": "words.approve words.reject",
    "MU": "people.page people.one ledger.page ledger.event ledger.export",
    "MD": "directory.propose directory.apply directory.export history.page keeping.decide",
    "M": """
        people.ask people.token people.end_token people.end_session people.take people.disable people.end_factors
        people.confirm people.refuse identities.accept identities.end drills.plan drills.cancel missed.texts
        desk_trouble.renew words.save providers.add providers.remove""",
    "G": "agency.page agency.notice agency.answer agency.kept agency.verify",
}
"""Who gets something else than 403 at an address. A person of an agency works the missed callers of its own answering
points too, which nobody can try with an address out of the air: see `test_people_of_an_agency`."""
API = {
    "IAMUD": """
        GET/alerts GET/alerts/<alert> GET/alerts/<alert>/preview GET/alerts/<alert>/report GET/directory
        GET/outages/<outage>/report""",
    "IAMUDG": "GET/tokens DELETE/tokens/<token>",
    "IA": """
        POST/alerts/<alert>/break-glass POST/alerts/<alert>/withdraw POST/alerts/<alert>/resume POST/notices
        GET/notices/<notice>""",
    "I": """
        POST/alerts PATCH/alerts/<alert> POST/alerts/<alert>/submit POST/alerts/<alert>/release-agencies
        POST/alerts/<alert>/hold POST/alerts/<alert>/revisions""",
    "A": """
        POST/alerts/<alert>/approve POST/alerts/<alert>/return POST/alerts/<alert>/reject
        POST/alerts/<alert>/review""",
    "IM": "POST/call-counts",
    "M": "GET/webhooks POST/webhooks DELETE/webhooks/<webhook>",
    "": "POST/canaries",
}


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    made = Desk(sessions)
    made.app.config["WTF_CSRF_ENABLED"] = False  # every button is pressed without its page
    made.app.extensions["broadcaster"].brake._sleep = lambda seconds: None
    with sessions.begin() as store:
        for letter, role in ROLES.items():
            accounts.add_account(store, made.sealer, email_of(letter), letter, PASSWORD)
            user = people.by_email(store, email_of(letter))
            assert user is not None
            user.roles = [people.role(store, role)] if role else []
            if role == "agency":
                agency_people.bind(store, user, "ayer-police")
    return made


def email_of(letter: str) -> str:
    return f"{letter.lower()}@roles.example"


def signed_in(desk: Desk, letter: str) -> Browser:
    browser, email = desk.browser().open("/desk/sign-in"), email_of(letter)
    return browser.send("sign-in", email=email, password=PASSWORD, code=desk.code(email))


def address(rule: Rule) -> str:
    """A rule's address with something in every place, of which nothing exists but the first person."""
    path = re.sub(r"<any\(['\"]?([\w.-]+)[^>]*>", r"\1", rule.rule)
    return re.sub(r"<[^>]+>", "update", re.sub(r"<int:\w+>", "1", path))


def rules(desk: Desk) -> list[tuple[str, str, Rule]]:
    """Every page and button of the desk; those that end this very session come last."""
    inside = [
        (method, rule.endpoint, rule)
        for rule in desk.app.url_map.iter_rules()
        if rule.rule.startswith("/desk") and rule.endpoint not in STRANGERS and "static" not in rule.endpoint
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]
    return sorted(inside, key=lambda row: (row[1] in LAST, row[0], row[1]))


def doors_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check of who may come in, and behind it an empty room: the rooms have stories of their own."""
    for endpoint, view in desk.app.view_functions.items():
        roles = inspect.getclosurevars(view).nonlocals.get("roles") if hasattr(view, "__wrapped__") else None
        room = only(*roles)(lambda **place: "in") if roles else lambda **place: "in"
        monkeypatch.setitem(desk.app.view_functions, endpoint, room)
    for name in ("watched", "asked"):
        monkeypatch.setattr(application, name, lambda *given: [])
    for name in ("heard", "prompt"):
        monkeypatch.setattr(application, name, lambda *given: None)


def test_the_table_of_the_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {endpoint: letters for letters, names in DESK.items() for endpoint in names.split()}
    every = rules(desk)
    addresses = {endpoint for _, endpoint, _ in every}
    assert sorted(addresses - set(table)) == [], "a new address: who may open it?"
    assert sorted(set(table) - addresses) == [], "no such address any more"
    clients = {letter: signed_in(desk, letter).client for letter in ROLES}
    doors_alone(desk, monkeypatch)
    found = {
        (letter, endpoint): client.open(address(rule), method=method).status_code != 403
        for letter, client in clients.items()
        for method, endpoint, rule in every
    }
    wrong = {pair: opens for pair, opens in found.items() if opens != (pair[0] in table[pair[1]])}
    assert wrong == {}
    stranger = desk.app.test_client()
    inside = [(method, rule) for method, endpoint, rule in every if endpoint != "signin.leave"]
    answers = {stranger.open(address(rule), method=method).status_code for method, rule in inside}
    assert answers == {303}, "whoever is not signed in is sent to the sign-in page"


def test_everything_that_is_offered_opens(desk: Desk) -> None:
    for letter in ROLES:
        browser, seen = signed_in(desk, letter), set[str]()
        assert (browser.status == 403 and "You have no role here yet" in browser.words) is (letter == "N")
        for page in ("", "account/", "directory/", "outages", "drills/", "agency/"):
            if browser.open(f"/desk/{page}").status == 200:
                links = browser.page.xpath("//a[starts-with(@href, '/')]/@href")
                seen |= {str(link).partition("#")[0] for link in links}
        closed = {path for path in seen if browser.open(path).status != 200}
        assert closed - {"/desk/"} == set() and ("/desk/" in closed) is (letter == "N"), letter


def test_the_table_of_the_api(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_acted", lambda *given: Given(200, "", b"{}"))
    monkeypatch.setattr(api.tasks, "ring", lambda *queues: None)
    table = {call: letters for letters, calls in API.items() for call in calls.split()}
    assert {f"{route.method}{route.path}" for route in api.ROUTES} == set(table)
    client, wrong = desk.app.test_client(), []
    with desk.sessions.begin() as store:
        users = {letter: people.by_email(store, email_of(letter)) for letter in ROLES}
        bearers = {letter: tokens.make(store, user) for letter, user in users.items() if user}
    for letter, token in bearers.items():
        for route in api.ROUTES:
            path = f"/api/v1{re.sub(r'<[^>]+>', 'x', route.path)}"
            headers = {"Authorization": f"Bearer {token}"}
            status = client.open(path, method=route.method, headers=headers, json={}).status_code
            if (status != 403) != (letter in table[f"{route.method}{route.path}"]):
                wrong.append((letter, route.method, route.path, status))
    assert wrong == []
