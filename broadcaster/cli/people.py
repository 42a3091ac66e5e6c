"""Commands about people: accounts of the desk and tokens of the API.

The host is the first installation's second person: while there are fewer than two administrators it gives rights at
once. From then on what gives a right waits for one of them, unless a reason is said, which the ledger keeps.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import PEOPLE, Role
from broadcaster.dispatch.engine import sealer_of
from broadcaster.local import home
from broadcaster.store import database
from broadcaster.store.agencies import agency_people
from broadcaster.store.desk import desk_sessions, lockout, people, rights, staff
from broadcaster.store.desk.people import User
from broadcaster.store.desk.rights import HOST
from broadcaster.store.sealed import Sealer
from broadcaster.store.timeline import ledger
from broadcaster.web.api import tokens as tokens_of_people
from broadcaster.web.signin import accounts, canary_accounts

ROLES = click.Choice([role.value for role in PEOPLE])
alone = click.option(
    "--alone", default="", metavar="REASON", help="Give it without a second person; the ledger says why."
)
of_agency = click.option("--agency", default="", help="For the role agency: its name, or its code in the directory.")
WAITS = "It waits for an administrator: at the desk, under People."


@contextmanager
def _house() -> Iterator[tuple[Session, Sealer]]:
    """One transaction on the installation's database."""
    settings = home.adopt(home.connected(home.environment()))
    engine = database.connect(settings.database_url)
    try:
        with database.sessions(engine).begin() as session:
            yield session, sealer_of(settings)
    finally:
        engine.dispose()


def _person(session: Session, email: str) -> User:
    user = people.by_email(session, email)
    if user is None:
        raise accounts.AccountRefused(f"Nobody has the address {email}: add the person first.")
    return user


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _bind(session: Session, email: str, roles: tuple[str, ...], agency: str) -> None:
    """Whoever is of an agency is of one: it is named with the role."""
    if Role.AGENCY in roles:
        agency_people.bind(session, _person(session, email), agency)


def _by_one(session: Session, reason: str) -> bool:
    """Whether the host gives a right by itself: nobody could confirm it yet, or it says why nobody shall."""
    return bool(reason) or rights.administrators(session) < 2


@click.group()
def users() -> None:
    """People of the desk."""


@users.command("add")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=ROLES)
@click.option("--name", default="", help="How the desk calls this person.")
@of_agency
@alone
def add_user(email: str, roles: tuple[str, ...], name: str, agency: str, alone: str) -> None:
    """Add a person; the password comes from standard input, the TOTP secret is printed once.

    Example: broadcaster users add ana@state.example --role issuer < password.txt
    """
    password = _password()
    with _house() as (session, sealer):
        lockout.one_at_a_time(session)
        by_one = _by_one(session, alone)
        if by_one:
            secret = accounts.add_user(session, sealer, email, name, password, roles)
        else:
            user, secret = accounts.add_account(session, sealer, email, name, password)
            for role in sorted(set(roles)):
                rights.ask_role(session, user, Role(role), None, "A new account, made on the host")
        _bind(session, email, roles, agency)
        if alone:
            ledger.append(session, HOST, "given-by-one", email, {"reason": alone, "roles": sorted(set(roles))})
    click.echo(f"TOTP secret of {email}, shown this once: {secret}")
    if not by_one and rights.BY_TWO & set(roles):
        click.echo(WAITS, err=True)


@users.command("list")
def list_users() -> None:
    """List everybody: roles, second factors, whether the account works.

    Example: broadcaster users list
    """
    with _house() as (session, _):
        for user in staff.everybody(session):
            ended = "" if user.active else "  account ended"
            factor = "" if user.totp_secret else "  no authenticator"
            click.echo(f"{user.email}  {user.name}  {', '.join(sorted(user.role_names)) or 'no role'}{factor}{ended}")


@users.command("give")
@click.argument("email")
@click.argument("role", type=ROLES)
@of_agency
@alone
def give(email: str, role: str, agency: str, alone: str) -> None:
    """Give a person a role; with two administrators one of them must confirm it at the desk.

    Example: broadcaster users give ana@state.example approver
    """
    with _house() as (session, _):
        lockout.one_at_a_time(session)
        user = _person(session, email)
        _bind(session, email, (role,), agency)
        if _by_one(session, alone):
            staff.give(session, user.id, Role(role), HOST, alone=alone or "there are no two administrators yet")
            waits = None
        else:
            waits = rights.ask_role(session, user, Role(role), None, "Asked for on the host")
    click.echo(WAITS if waits else f"{email} has the role {role} now.")


@users.command("take")
@click.argument("email")
@click.argument("role", type=ROLES)
def take(email: str, role: str) -> None:
    """Take a role away at once; refused when too few would be left who can approve or administer.

    Example: broadcaster users take ana@state.example approver
    """
    with _house() as (session, _):
        gone = staff.take(session, _person(session, email).id, Role(role), HOST)
    click.echo(f"{email} is no {role} any more." if gone else f"{email} was no {role}.")


@users.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """End an account at once, with its sessions and tokens; refused when too few would be left.

    Example: broadcaster users disable ana@state.example
    """
    with _house() as (session, _):
        staff.disable(session, _person(session, email).id, HOST)
    click.echo(f"The account of {email} has ended.")


@users.command("enable")
@click.argument("email")
@alone
def enable(email: str, alone: str) -> None:
    """Give an account back with its roles; with two administrators one of them must confirm it at the desk.

    Example: broadcaster users enable ana@state.example
    """
    with _house() as (session, _):
        lockout.one_at_a_time(session)
        user, by_one = _person(session, email), _by_one(session, alone)
        if by_one:
            staff.enable(session, user.id, HOST, alone=alone or "there are no two administrators yet")
        else:
            rights.ask_account(session, user, None, "Asked for on the host")
    click.echo(f"{email} has an account that works." if by_one else WAITS)


@users.command("authenticator")
@click.argument("email")
def authenticator(email: str) -> None:
    """Give a person who lost the old one a new authenticator: its TOTP secret is printed once; their sessions end.

    Example: broadcaster users authenticator ana@state.example
    """
    secret = accounts.new_secret()
    with _house() as (session, sealer):
        user = _person(session, email)
        accounts.set_authenticator(session, sealer, user, secret, HOST)
        desk_sessions.end_all(session, user.id)
    click.echo(f"TOTP secret of {email}, shown this once: {secret}")


@users.command("password")
@click.argument("email")
def password(email: str) -> None:
    """Give a person another password, from standard input; every session of theirs ends.

    Example: broadcaster users password ana@state.example < password.txt
    """
    given = _password()
    with _house() as (session, _):
        accounts.change_password(session, _person(session, email), given, HOST)
    click.echo(f"{email} has another password.")


@users.command("canary")
@click.option("--domain", default="canary.example", show_default=True, help="Where its two accounts seem to live.")
def add_canary(domain: str) -> None:
    """Make the canary's two accounts, and print CANARY_KEYS in one line: they are shown this once.

    Example: broadcaster users canary > /etc/broadcaster/secrets/canary_keys
    """
    with _house() as (session, sealer):
        keys = canary_accounts.make(session, sealer, domain)
    click.echo(keys)


@click.group()
def tokens() -> None:
    """Bearer tokens of the API."""


@tokens.command("add")
@click.argument("email")
@click.option("--label", default="", help="What the token is for.")
@alone
def add_token(email: str, label: str, alone: str) -> None:
    """Make a bearer token of a person; it is printed once and never has more rights than the person.

    Example: broadcaster tokens add ana@state.example --label dashboard
    """
    with _house() as (session, _):
        lockout.one_at_a_time(session)
        user, by_one = _person(session, email), _by_one(session, alone)
        if by_one:
            token = tokens_of_people.make(session, user, label)
            if alone:
                ledger.append(session, HOST, "given-by-one", user.email, {"reason": alone, "token": label})
        else:
            token = tokens_of_people.ask(session, user, label, None, "Asked for on the host")
    click.echo(token)
    if not by_one:
        click.echo(WAITS, err=True)


@tokens.command("list")
@click.argument("email")
def list_tokens(email: str) -> None:
    """List the tokens of a person that still work: number, label, when made and last used.

    Example: broadcaster tokens list ana@state.example
    """
    with _house() as (session, _):
        for row in tokens_of_people.active(session, _person(session, email)):
            used = f"used {row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never used"
            waits = ", waits for an administrator" if row.waits else ""
            click.echo(f"{row.id}  {row.label or '(no label)'}  made {row.made_at:%Y-%m-%d}, {used}{waits}")


@tokens.command("end")
@click.argument("email")
@click.argument("number", type=int)
def end_token(email: str, number: int) -> None:
    """End a token of a person at once; `tokens list` shows its number.

    Example: broadcaster tokens end ana@state.example 12
    """
    with _house() as (session, _):
        if not tokens_of_people.end(session, _person(session, email), number, HOST, database.now(session)):
            raise accounts.AccountRefused(f"{email} has no token {number} that works: `tokens list` shows them.")
    click.echo(f"Token {number} of {email} works no more.")


COMMANDS = (users, tokens)
