"""The last two approvers and the last administrator stay, whatever anybody does to people, and at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import Role
from broadcaster.store.database import Sessions
from broadcaster.store.desk import identities, lockout, people, staff
from broadcaster.store.desk.identities import Told
from broadcaster.store.desk.lockout import WHY, LockedOut
from broadcaster.store.desk.passkeys import Passkey
from broadcaster.store.desk.people import User
from tests import onair
from tests.onair import NOW

Act = Callable[[Session, int], object]
ACTS: dict[str, Act] = {
    "the role is taken": lambda store, key: staff.take(store, key, Role.APPROVER, "ana"),
    "the account is ended": lambda store, key: staff.disable(store, key, "ana"),
    "the second factors are ended": lambda store, key: staff.end_factors(store, key, "ana"),
}


def approver(store: Session, name: str, *roles: str, totp: bool = True, active: bool = True) -> User:
    made = onair.person(store, f"{name}@desk.example", *(roles or ("approver",)))
    made.totp_secret, made.active = (b"sealed" if totp else None), active
    store.flush()
    return made


@pytest.fixture
def three(sessions: Sessions) -> tuple[Sessions, list[int]]:
    """Three who can approve, and some who look like it: without a second factor, with an ended account, an auditor."""
    with sessions.begin() as store:
        approver(store, "no-factor", totp=False)
        approver(store, "ended", active=False)
        approver(store, "reads", "auditor")
        return sessions, [approver(store, name).id for name in ("abe", "bea", "cleo")]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_two_are_left_and_the_next_is_refused_with_a_sentence(three: tuple[Sessions, list[int]], act: Act) -> None:
    sessions, keys = three
    with sessions.begin() as store:
        act(store, keys[0])
    with pytest.raises(LockedOut, match="fewer than two people could approve"), sessions.begin() as store:
        act(store, keys[1])
    with sessions() as store:
        assert lockout.standing(store) == {Role.APPROVER: 2, Role.ADMIN: 0}


@pytest.mark.parametrize("first", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("second", ACTS.values(), ids=ACTS)
def test_two_administrators_at_the_same_moment(three: tuple[Sessions, list[int]], first: Act, second: Act) -> None:
    sessions, keys = three

    def tried(act: Act, key: int) -> bool:
        try:
            with sessions.begin() as store:
                act(store, key)
        except LockedOut:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(tried, (first, second), keys)) == 1
    with sessions() as store:
        assert lockout.standing(store)[Role.APPROVER] == 2


def test_the_last_administrator_stays(sessions: Sessions) -> None:
    with sessions.begin() as store:
        ana, bob = (approver(store, name, "admin").id for name in ("ana", "bob"))
    with sessions.begin() as store:
        staff.take(store, ana, Role.ADMIN, "bob")
    acts: list[Act] = [lambda store, key: staff.take(store, key, Role.ADMIN, "bob"), *list(ACTS.values())[1:]]
    for act in acts:
        with pytest.raises(LockedOut, match="nobody could administer"), sessions.begin() as store:
            act(store, bob)


def test_a_passkey_is_a_second_factor_and_the_last_one_stays(sessions: Sessions) -> None:
    with sessions.begin() as store:
        abe, bea = approver(store, "abe", totp=False), approver(store, "bea")
        kept = {"credential_id": b"a", "public_key": b"k", "sign_count": 0, "name": "phone", "made_at": NOW}
        store.add(Passkey(user_id=abe.id, **kept))
        store.flush()
        assert lockout.standing(store)[Role.APPROVER] == 2
        key, keys = store.query(Passkey).one().id, (abe.id, bea.id)
    with pytest.raises(LockedOut, match=WHY[Role.APPROVER]), sessions.begin() as store:
        staff.end_passkey(store, keys[0], key, "abe")


def test_an_account_at_a_provider_is_no_way_in_that_counts(sessions: Sessions) -> None:
    """It may be down on that night: the last two approvers keep what this desk checks by itself."""
    with sessions.begin() as store:
        abe, bea, cleo = (approver(store, name, totp=name != "cleo") for name in ("abe", "bea", "cleo"))
        for user in (abe, bea, cleo):
            identities.link(store, Told("https://login.example", f"sub-{user.id}", user.email), user, NOW)
        assert lockout.standing(store)[Role.APPROVER] == 2
        keys = [user.id for user in (abe, bea)]
    for act in ACTS.values():
        with pytest.raises(LockedOut, match=WHY[Role.APPROVER]), sessions.begin() as store:
            act(store, keys[0])
    with sessions.begin() as store:
        user = store.get_one(User, keys[0])
        assert identities.end(store, user, identities.of_person(store, user.id)[0].id, "ana"), "it may go at any time"


def test_an_installation_with_too_few_may_still_lose_none_and_may_do_the_rest(sessions: Sessions) -> None:
    with sessions.begin() as store:
        only, other = approver(store, "abe").id, approver(store, "ida", "issuer").id
    with sessions.begin() as store:
        assert staff.take(store, other, Role.ISSUER, "console")
        assert not staff.take(store, other, Role.ISSUER, "console")
        assert staff.disable(store, other, "console") and not staff.disable(store, other, "console")
        assert staff.enable(store, other, "console") and not staff.enable(store, other, "console")
        assert staff.give(store, other, Role.APPROVER, "console")
        assert not staff.give(store, other, Role.APPROVER, "console")
    with pytest.raises(LockedOut), sessions.begin() as store:
        staff.take(store, only, Role.APPROVER, "console")
    with sessions() as store:
        found = people.by_email(store, "abe@desk.example")
        assert found is not None and found.role_names == {"approver"}
