"""What an identity provider may say, and what of it counts: a table of lies, and one of silences. No database."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt

from broadcaster.channels.http import Limits
from broadcaster.settings import SettingsError, load
from broadcaster.store.desk.identities import Told
from broadcaster.web.signin.provider import AnswerRefused, Provider, ProviderDown, Question
from tests import desk
from tests.desk import NOON
from tests.oidc import CLIENT, Idp, thiefs, unsigned

Sign = Callable[[dict[str, Any], dict[str, Any]], str]
PATIENT, SOON = Limits(total_s=10.0, longest=20_000), Limits(total_s=0.3, longest=20_000)
NOW = int(NOON.timestamp())


@pytest.fixture
def idp() -> Iterator[Idp]:
    made = Idp(lambda: NOON)
    yield made
    made.close()


class Clock:
    """Seconds that a test lets pass."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def provider(idp: Idp, clock: Clock | None = None, **more: object) -> Provider:
    return Provider(desk.settings(**{**idp.settings, **more}), PATIENT, clock or Clock())


def came_back(idp: Idp, ours: Provider, **claims: Any) -> Told:
    """Somebody goes there, signs in, and comes back."""
    question = Question()
    there = parse_qs(urlsplit(idp.signed_in(ours.address(question), **claims)).query)
    assert there["state"] == [question.state]
    return ours.told(there["code"][0], there["iss"][0], question, NOON)


def hmac_by_the_public_key(idp: Idp) -> Sign:
    """The old trick: the public key taken for a secret (CVE-2016-10555)."""
    secret = idp.key.as_pem(private=False)

    def sign(claims: dict[str, Any], header: dict[str, Any]) -> str:
        head, body, _ = jwt.encode(header, claims, idp.key).split(".")
        head = encoded(json.dumps({**header, "alg": "HS256"}).encode())
        return f"{head}.{body}.{encoded(hmac.digest(secret, f'{head}.{body}'.encode(), 'sha256'))}"

    return sign


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def changed(claims: dict[str, Any], header: dict[str, Any], idp: Idp) -> str:
    head, _, seal = jwt.encode(header, claims, idp.key).split(".")
    return f"{head}.{encoded(json.dumps({**claims, 'sub': 'abe-1'}).encode())}.{seal}"


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://login.elsewhere.example"},
    "an issuer that begins like ours": {"iss": "http://127.0.0.1.evil.example"},
    "no issuer": {"iss": None},
    "for another desk": {"aud": "another desk"},
    "for two, and ours is not the one that asked": {"aud": [CLIENT, "another desk"], "azp": "another desk"},
    "for two, and nobody says who asked": {"aud": ["another desk", CLIENT]},
    "for nobody": {"aud": None},
    "run out": {"exp": NOW - 61},
    "without an end": {"exp": None},
    "of the future": {"iat": NOW + 600},
    "an end that is no number": {"exp": "soon"},
    "of another question": {"nonce": "another"},
    "of no question": {"nonce": None},
    "nobody": {"sub": None},
    "a number for a name": {"sub": 17},
    "an empty name": {"sub": ""},
    "a name with a line end": {"sub": "ida-1\nabe-1"},
    "a name without end": {"sub": "i" * 256},
    "methods that are no list": {"amr": "mfa"},
    "the hash of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_token_that_says_the_wrong_thing_lets_nobody_in(idp: Idp, lie: dict[str, Any]) -> None:
    ours = provider(idp)
    assert came_back(idp, ours).subject == "ida-1"
    with pytest.raises(AnswerRefused):
        came_back(idp, ours, **lie)


SIGNATURES: dict[str, Callable[[Idp], Sign]] = {
    "none": lambda idp: unsigned,
    "an HMAC by the public key": hmac_by_the_public_key,
    "another key under the same name": lambda idp: thiefs,
    "a key that nobody has": lambda idp: lambda claims, header: jwt.encode({**header, "kid": "x"}, claims, idp.key),
    "of another text": lambda idp: lambda claims, header: changed(claims, header, idp),
    "no token at all": lambda idp: lambda claims, header: "{}",
    "a key that it brings along": lambda idp: (
        lambda claims, header: thiefs(claims, {"alg": "RS256", "jku": "https://evil.example/keys"})
    ),
}


@pytest.mark.parametrize("sign", SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_that_is_not_the_providers_lets_nobody_in(idp: Idp, sign: Callable[[Idp], Sign]) -> None:
    idp.sign = sign(idp)
    with pytest.raises(AnswerRefused, match="the token does not hold"):
        came_back(idp, provider(idp))


def test_a_code_is_taken_once_and_only_from_whoever_asked(idp: Idp) -> None:
    ours, question = provider(idp), Question()
    there = parse_qs(urlsplit(idp.signed_in(ours.address(question))).query)
    with pytest.raises(AnswerRefused, match="the code is not taken"):
        ours.told(there["code"][0], idp.issuer, Question(question.state, question.nonce), NOON)
    there = parse_qs(urlsplit(idp.signed_in(ours.address(question))).query)
    assert ours.told(there["code"][0], idp.issuer, question, NOON).issuer == idp.issuer
    with pytest.raises(AnswerRefused, match="the code is not taken"):
        ours.told(there["code"][0], idp.issuer, question, NOON)
    with pytest.raises(AnswerRefused, match="another provider"):
        ours.told("code", "https://login.elsewhere.example", question, NOON)


def test_who_must_say_who_it_is_beside_the_code_does(idp: Idp) -> None:
    idp.said = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(AnswerRefused, match="another provider"):
        provider(idp).told("code", "", Question(), NOON)


DISCOVERY = "/.well-known/openid-configuration"
SILENCES: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "it is broken": ({DISCOVERY: 500}, {}),
    "it has moved": ({DISCOVERY: 302}, {}),
    "it hangs": ({DISCOVERY: 0}, {}),
    "it hangs at the code": ({"/token": 0}, {}),
    "it breaks at the code": ({"/token": 503}, {}),
    "it hangs at the keys": ({"/keys": 0}, {}),
    "it breaks at the keys": ({"/keys": 500}, {}),
    "it says that it is another": ({}, {"issuer": "https://login.elsewhere.example"}),
    "it says nothing of its keys": ({}, {"jwks_uri": None}),
    "its tokens come without TLS": ({}, {"token_endpoint": "http://login.state.example/token"}),
    "its keys lie on a disk": ({}, {"jwks_uri": "file:///etc/keys"}),
    "it talks without end": ({}, {"padding": "x" * 30_000}),
}


@pytest.mark.parametrize(("broken", "said"), SILENCES.values(), ids=SILENCES)
def test_one_that_is_down_is_given_up_and_left_alone(idp: Idp, broken: dict[str, int], said: dict[str, Any]) -> None:
    idp.broken, idp.said, clock = broken, said, Clock()
    ours = provider(idp, clock)
    ours._limits = SOON
    with pytest.raises(ProviderDown):
        came_back(idp, ours)
    before = len(idp.asked)
    with pytest.raises(ProviderDown):
        came_back(idp, ours)
    assert len(idp.asked) == before, "nobody waits for it a second time"
    idp.broken, idp.said, ours._limits = {}, {}, PATIENT
    clock.now += 30
    assert came_back(idp, ours).subject == "ida-1"


def test_one_that_is_gone_or_beyond_this_machine_is_down_too(idp: Idp) -> None:
    idp.close()
    with pytest.raises(ProviderDown):
        provider(idp).address(Question())
    with pytest.raises(ProviderDown, match="MODE is not live"):
        provider(idp, oidc_issuer="https://192.0.2.1").address(Question())


def test_what_it_says_of_itself_is_kept_and_a_new_key_is_found(idp: Idp) -> None:
    clock = Clock()
    ours = provider(idp, clock)
    for _ in range(3):
        came_back(idp, ours)
    assert idp.asked == [DISCOVERY, "/token", "/keys", "/token", "/token"]
    idp.change_its_key()
    with pytest.raises(AnswerRefused):
        came_back(idp, ours)
    clock.now += 61
    assert came_back(idp, ours).subject == "ida-1"
    assert idp.asked.count("/keys") == 2
    clock.now += 3600
    came_back(idp, ours)
    assert idp.asked.count(DISCOVERY) == 2


@pytest.mark.parametrize(
    ("claims", "two"),
    [
        ({}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "kba"]}, False),
        ({"amr": ["otp", "sms"]}, False),
        ({"amr": ["mfa"]}, True),
        ({"amr": ["pwd", "otp"]}, True),
        ({"amr": ["hwk", "pin"]}, True),
        ({"amr": ["strange", 7]}, False),
        ({"acr": "urn:two"}, True),
        ({"acr": "urn:one"}, False),
        ({"acr": ""}, False),
        ({"acr": ["urn:two"]}, False),
    ],
)
def test_whether_it_saw_two_factors(idp: Idp, claims: dict[str, Any], two: bool) -> None:
    ours = provider(idp, oidc_acr="urn:three urn:two")
    assert came_back(idp, ours, **claims).two_factors is two
    assert "acr_values=urn%3Athree%20urn%3Atwo" in ours.address(Question()).replace("+", "%20")


def test_an_issuer_may_end_in_a_slash_and_is_taken_to_the_letter(idp: Idp) -> None:
    idp.said = {"issuer": f"{idp.issuer}/"}
    question, ours = Question(), provider(idp)
    there = parse_qs(urlsplit(idp.signed_in(ours.address(question), iss=f"{idp.issuer}/")).query)
    assert ours.told(there["code"][0], "", question, NOON).issuer == f"{idp.issuer}/"
    there = parse_qs(urlsplit(idp.signed_in(ours.address(question))).query)
    with pytest.raises(AnswerRefused):
        ours.told(there["code"][0], "", question, NOON)


def test_clocks_may_differ_by_a_minute(idp: Idp) -> None:
    ours = provider(idp)
    assert came_back(idp, ours, exp=NOW - 59, iat=NOW + 59).subject == "ida-1"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"OIDC_ISSUER": "http://login.state.example", "OIDC_CLIENT_ID": "desk"}, "is no issuer"),
        ({"OIDC_ISSUER": "login.state.example", "OIDC_CLIENT_ID": "desk"}, "is no issuer"),
        ({"OIDC_ISSUER": "https://login.state.example?a=b", "OIDC_CLIENT_ID": "desk"}, "is no issuer"),
        ({"OIDC_ISSUER": "https://a:b@login.state.example", "OIDC_CLIENT_ID": "desk"}, "is no issuer"),
        ({"OIDC_ISSUER": "https://login.state.example"}, "needs OIDC_CLIENT_ID"),
    ],
)
def test_a_half_provider_is_refused_at_start(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load(given)
