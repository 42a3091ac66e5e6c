"""The door of the desk: who gets in, what a stranger can learn, what another site can do."""

from __future__ import annotations

import re

import pytest

from broadcaster.alert.lifecycle import Role
from broadcaster.store.database import Sessions
from broadcaster.store.desk import people, staff
from broadcaster.web.signin.guard import ABSOLUTE, IDLE
from tests.desk import AUDITOR, ISSUER, PASSWORD, SECOND, Desk, settings


@pytest.fixture
def desk(sessions: Sessions) -> Desk:
    return Desk(sessions)


def test_password_and_code_open_the_desk(desk: Desk) -> None:
    browser = desk.browser(ISSUER)
    assert "911 is down" in browser.words
    assert "Ida" in browser.words


@pytest.mark.parametrize(
    ("email", "password", "code"),
    [
        (ISSUER, PASSWORD, "000000"),
        (ISSUER, "wrong password", "right"),
        ("nobody@desk.example", PASSWORD, "right"),
        ("nobody@desk.example", "wrong password", "000000"),
        (SECOND, PASSWORD, "right"),
        ("' OR 1=1 --", PASSWORD, "right"),
        ("", "", ""),
    ],
)
def test_every_wrong_sign_in_gets_the_same_answer(desk: Desk, email: str, password: str, code: str) -> None:
    browser = desk.browser().open("/desk/sign-in")
    browser.send("sign-in", email=email, password=password, code=desk.code(ISSUER) if code == "right" else code)
    assert browser.status == 422
    said = without_what_was_typed(browser.text)
    other = desk.browser().open("/desk/sign-in").send("sign-in", email="else@desk.example", password="x", code="1")
    assert said == without_what_was_typed(other.text)
    assert "You" not in browser.open("/desk/").words
    assert browser.path == "/desk/sign-in"


def without_what_was_typed(page: str) -> str:
    return re.sub(r'\s*(value="[^"]*"|nonce="[^"]*"|autofocus)', "", page)


def test_a_code_opens_the_desk_once(desk: Desk) -> None:
    code = desk.code(ISSUER)
    first, second = desk.browser().open("/desk/sign-in"), desk.browser().open("/desk/sign-in")
    assert first.send("sign-in", email=ISSUER, password=PASSWORD, code=code).status == 200
    assert second.send("sign-in", email=ISSUER, password=PASSWORD, code=code).status == 422


@pytest.mark.parametrize(
    ("goal", "lands"),
    [
        ("/desk/new", "/desk/new"),
        ("https://elsewhere.example/desk/", "/desk/"),
        ("//elsewhere.example", "/desk/"),
        ("/desk/\r\nSet-Cookie: a=b", "/desk/"),
        ("/desk/../sign-out", "/desk/"),
        ("\\\\elsewhere.example", "/desk/"),
        ("javascript:alert(1)", "/desk/"),
    ],
)
def test_after_signing_in_nobody_is_led_elsewhere(desk: Desk, goal: str, lands: str) -> None:
    browser = desk.browser().open("/desk/sign-in")
    form = {"email": ISSUER, "password": PASSWORD, "code": desk.code(ISSUER), "next": goal}
    assert browser.send("sign-in", **form).path == lands


def test_signing_out_ends_this_session_and_a_role_that_is_taken_ends_all(desk: Desk) -> None:
    here, there = desk.browser(ISSUER), desk.browser(ISSUER)
    copied = here.client.get_cookie("desk-demo")
    assert copied is not None
    here.open("/desk/").send("sign-out")
    here.client.set_cookie("desk-demo", copied.value)
    assert here.open("/desk/new").path == "/desk/sign-in", "a copy of the cookie opens nothing afterwards"
    assert there.open("/desk/new").path == "/desk/new"
    with desk.sessions.begin() as store:
        user = people.by_email(store, ISSUER)
        assert user is not None
        staff.take(store, user.id, Role.ISSUER, "console")
    assert there.open("/desk/new").path == "/desk/sign-in"
    assert desk.browser(ISSUER).open("/desk/new").status == 403


def test_sessions_end_by_themselves(desk: Desk) -> None:
    browser = desk.browser(ISSUER)
    desk.later(seconds=IDLE + 1)
    assert browser.open("/desk/new").path == "/desk/sign-in"
    browser = desk.browser(ISSUER)
    for _ in range(ABSOLUTE // 1800):
        assert browser.open("/desk/new").path == "/desk/new"
        desk.later(seconds=1801)
    assert browser.open("/desk/new").path == "/desk/sign-in"


def test_wrong_passwords_delay_and_never_lock(desk: Desk) -> None:
    brake = desk.app.extensions["broadcaster"].brake
    waited: list[float] = []
    brake._sleep = waited.append
    intruder = desk.browser().open("/desk/sign-in")
    for _ in range(30):
        intruder.send("sign-in", email=ISSUER, password="a guess", code="000000")
    assert max(waited) <= 5.0 and len(waited) == 27
    assert desk.browser(ISSUER).path == "/desk/"
    waited.clear()
    assert desk.browser(ISSUER).path == "/desk/" and waited == [], "whoever came through is not slowed down any more"


def test_a_session_starts_from_nothing(desk: Desk) -> None:
    browser = desk.browser().open("/desk/sign-in")
    with browser.client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    browser.send("sign-in", email=ISSUER, password=PASSWORD, code=desk.code(ISSUER))
    with browser.client.session_transaction() as cookie:
        assert "planted" not in cookie


def test_a_form_without_its_token_is_refused(desk: Desk) -> None:
    browser = desk.browser(ISSUER)
    answer = browser.client.post("/desk/new", data={"names": "Ayer"})
    assert answer.status_code == 400
    assert "load it again" in answer.get_data(as_text=True)
    assert desk.browser().client.post("/desk/sign-in", data={"email": ISSUER}).status_code == 400


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://[evil"},
        {"Origin": "null"},
    ],
)
def test_no_form_of_the_desk_is_taken_from_another_site(desk: Desk, said: dict[str, str]) -> None:
    browser = desk.browser(ISSUER).open("/desk/new")
    data = {"csrf_token": browser.values("/desk/new")["csrf_token"], "names": "Ayer"}
    posts = [rule for rule in desk.app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    paths = {rule.rule for rule in posts if rule.rule.startswith("/desk/")}
    assert len(paths) > 30
    answers = {path: browser.client.post(path, data=data, headers=said).status_code for path in paths}
    assert set(answers.values()) == {403}, answers


@pytest.mark.parametrize(
    "said", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8911"}]
)
def test_the_desks_own_forms_are_taken(desk: Desk, said: dict[str, str]) -> None:
    browser = desk.browser(ISSUER).open("/desk/new")
    token = browser.values("/desk/new")["csrf_token"]
    answer = browser.client.post("/desk/new", data={"csrf_token": token, "names": "Ayer"}, headers=said)
    assert answer.status_code != 403


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", "a@evil.example"])
def test_a_forged_host_is_refused_and_never_repeated(desk: Desk, host: str) -> None:
    answer = desk.app.test_client().get("/desk/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.get_data(as_text=True)


def test_every_page_of_the_desk_asks_who_is_there(desk: Desk) -> None:
    client = desk.app.test_client()
    open_to_all = {
        "signin.page",
        "signin.enter",
        "signin.ask",
        "signin.by_passkey",
        "provider.begin",
        "provider.answer",
        "provider.second",
        "provider.enter",
        "static",
        "front",
        "health.alive",
        "health.ready",
    }
    inside = [rule for rule in desk.app.url_map.iter_rules() if rule.rule.startswith("/desk/")]
    for rule in inside:
        if rule.endpoint in open_to_all or rule.endpoint.endswith(".static"):
            continue
        path = rule.rule
        for argument, value in (
            ("<alert>", "a"),
            ("<int:no>", "1"),
            ("<int:key>", "1"),
            ("<int:seq>", "1"),
            ("<int:check>", "1"),
            ("<int:fanout>", "1"),
            ("<int:address>", "1"),
            ("<agency>", "b"),
        ):
            path = path.replace(argument, value)
        path = re.sub(r"<any\(['\"]?([\w.-]+)[^>]*>", r"\1", path)
        path = re.sub(r"<[^>]+>", "update", path)
        if "GET" in rule.methods:
            answer = client.get(path)
            assert (answer.status_code, str(answer.location).split("?")[0]) == (303, "/desk/sign-in"), path
        if "POST" in rule.methods:
            assert client.post(path).status_code in (400, 303), path


@pytest.mark.parametrize(
    ("email", "path"),
    [
        (AUDITOR, "/desk/new"),
        (SECOND, "/desk/new"),
        (AUDITOR, "/desk/alerts/a/edit"),
        (SECOND, "/desk/alerts/a/numbers"),
    ],
)
def test_roles_are_checked_and_the_refusal_says_why(desk: Desk, email: str, path: str) -> None:
    browser = desk.browser(email).open(path)
    assert browser.status == 403
    assert "Only an issuer can do this" in browser.words


def test_what_every_answer_says_about_itself(desk: Desk) -> None:
    answer = desk.app.test_client().get("/desk/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce and nonce[1] in answer.get_data(as_text=True)
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "style=" not in answer.get_data(as_text=True)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_over_https_the_cookie_is_bound_to_the_host(sessions: Sessions) -> None:
    desk = Desk(sessions, chosen=settings(public_base_url="https://desk.example"))
    answer = desk.app.test_client().get("/desk/sign-in", base_url="https://desk.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-desk=") and "Secure" in cookie and "Path=/" in cookie
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_refusals_are_sentences(desk: Desk) -> None:
    browser = desk.browser(ISSUER)
    assert "start from the desk" in browser.open("/desk/alerts/nothing/edit").words
    assert browser.status == 404
    assert "start from the desk" in browser.open("/desk/nowhere").words
    assert desk.app.test_client().get("/api/nowhere").content_type == "application/problem+json"
    assert desk.app.test_client().get("/healthz").data == b"ok\n"
    assert desk.app.test_client().get("/readyz").data == b"ready\n"
