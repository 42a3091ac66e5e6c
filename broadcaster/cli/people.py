"""Commands about people: accounts of the desk and tokens of the API."""

from __future__ import annotations

import sys

import click
from sqlalchemy.orm import Session

from broadcaster.alert.lifecycle import PEOPLE
from broadcaster.dispatch.engine import sealer_of
from broadcaster.local import home
from broadcaster.store import database, people
from broadcaster.web import accounts, canary_accounts
from broadcaster.web import tokens as tokens_of_people


@click.group()
def users() -> None:
    """People of the desk."""


@users.command("add")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in PEOPLE]))
@click.option("--name", default="", help="How the desk calls this person.")
def add_user(email: str, roles: tuple[str, ...], name: str) -> None:
    """Add a person; the password comes from standard input, the TOTP secret is printed once.

    Example: broadcaster users add ana@state.example --role issuer < password.txt
    """
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    settings = home.adopt(home.connected(home.environment()))
    with database.sessions(database.connect(settings.database_url)).begin() as session:
        secret = accounts.add_user(session, sealer_of(settings), email, name, password, roles)
    click.echo(f"TOTP secret of {email}, shown this once: {secret}")


@users.command("canary")
@click.option("--domain", default="canary.example", show_default=True, help="Where its two accounts seem to live.")
def add_canary(domain: str) -> None:
    """Make the canary's two accounts, and print CANARY_KEYS in one line: they are shown this once.

    Example: broadcaster users canary > /etc/broadcaster/secrets/canary_keys
    """
    settings = home.adopt(home.connected(home.environment()))
    with database.sessions(database.connect(settings.database_url)).begin() as session:
        keys = canary_accounts.make(session, sealer_of(settings), domain)
    click.echo(keys)


@click.group()
def tokens() -> None:
    """Bearer tokens of the API."""


@tokens.command("add")
@click.argument("email")
@click.option("--label", default="", help="What the token is for.")
def add_token(email: str, label: str) -> None:
    """Make a bearer token of a person; it is printed once and never has more rights than the person.

    Example: broadcaster tokens add ana@state.example --label dashboard
    """
    settings = home.adopt(home.connected(home.environment()))
    with database.sessions(database.connect(settings.database_url)).begin() as session:
        token = tokens_of_people.make(session, _person(session, email), label)
    click.echo(token)


@tokens.command("list")
@click.argument("email")
def list_tokens(email: str) -> None:
    """List the tokens of a person that still work: number, label, when made and last used.

    Example: broadcaster tokens list ana@state.example
    """
    settings = home.adopt(home.connected(home.environment()))
    with database.sessions(database.connect(settings.database_url))() as session:
        for row in tokens_of_people.active(session, _person(session, email)):
            used = f"used {row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never used"
            click.echo(f"{row.id}  {row.label or '(no label)'}  made {row.made_at:%Y-%m-%d}, {used}")


@tokens.command("end")
@click.argument("email")
@click.argument("number", type=int)
def end_token(email: str, number: int) -> None:
    """End a token of a person at once; `tokens list` shows its number.

    Example: broadcaster tokens end ana@state.example 12
    """
    settings = home.adopt(home.connected(home.environment()))
    with database.sessions(database.connect(settings.database_url)).begin() as session:
        if not tokens_of_people.end(session, _person(session, email), number, "console", database.now(session)):
            raise accounts.AccountRefused(f"{email} has no token {number} that works: `tokens list` shows them.")
    click.echo(f"Token {number} of {email} works no more.")


def _person(session: Session, email: str) -> people.User:
    user = people.by_email(session, email)
    if user is None:
        raise accounts.AccountRefused(f"Nobody has the address {email}: add the person first.")
    return user


COMMANDS = (users, tokens)
