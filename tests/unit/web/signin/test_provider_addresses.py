"""Whose mail address a provider says something of, in its token or at its UserInfo endpoint. No database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oidc import Idp
from tests.unit.web.signin.test_provider import came_back, idp, provider

__all__ = ["idp"]


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "Ida@Desk.example", "email_verified": True}, "ida@desk.example"),
        ({"email": "ida@desk.example"}, ""),
        ({"email": "ida@desk.example", "email_verified": False}, ""),
        ({"email": "ida@desk.example", "email_verified": "true"}, "ida@desk.example"),
        ({"email": "ida@desk.example", "email_verified": "false"}, ""),
        ({"email": "ida@desk.example", "email_verified": 1}, ""),
        ({"email": ["ida@desk.example"], "email_verified": True}, ""),
        ({"email": f"{'i' * 250}@desk.example", "email_verified": True}, ""),
    ],
)
def test_an_address_counts_when_it_is_verified(idp: Idp, claims: dict[str, Any], email: str) -> None:
    assert came_back(idp, provider(idp), **claims).email == email


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "Ida@Desk.example"}, "ida@desk.example"),
        ({"email": "ida@desk.example", "email_verified": True}, "ida@desk.example"),
        ({"email": "ida@desk.example", "email_verified": False}, ""),
        ({"email": "ida@desk.example", "email_verified": None}, "ida@desk.example"),
        ({}, ""),
    ],
)
def test_an_operator_may_stand_for_addresses_that_it_calls_neither(
    idp: Idp, claims: dict[str, Any], email: str
) -> None:  # fmt: skip
    assert came_back(idp, provider(idp, oidc_trust_email=True), **claims).email == email


IDA = {"sub": "ida-1", "email": "Ida@Desk.example", "email_verified": True}


@pytest.mark.parametrize(
    ("about", "in_the_token", "email"),
    [
        (IDA, {}, "ida@desk.example"),
        ({**IDA, "sub": "eve-2"}, {}, ""),
        ({**IDA, "sub": None}, {}, ""),
        ({**IDA, "email_verified": False}, {}, ""),
        (IDA, {"email": "eve@desk.example", "email_verified": False}, ""),
        ([IDA], {}, ""),
        (None, {}, ""),
    ],
    ids=["hers", "another's", "nobody's", "unverified", "the token goes first", "no object", "it is broken"],
)
def test_what_the_token_leaves_to_the_userinfo(
    idp: Idp, about: object, in_the_token: dict[str, Any], email: str
) -> None:  # fmt: skip
    """Whoever is connected comes in by issuer and subject, whatever becomes of the address."""
    idp.said = {"userinfo_endpoint": f"{idp.issuer}/userinfo"}
    idp.about = about
    if about is None:
        idp.broken["/userinfo"] = 500
    ours = provider(idp)
    for _ in range(2):
        told = came_back(idp, ours, **in_the_token)
        assert (told.subject, told.email) == ("ida-1", email)
    assert ("/userinfo" in idp.asked) is not bool(in_the_token)
