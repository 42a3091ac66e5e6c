"""Commands about the binder: make it, prove it, open it, and bring up a laptop from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from broadcaster.cli import laptop
from broadcaster.cli.binding import binders_of
from broadcaster.cli.data import opened
from broadcaster.outage.binder import file as binder_file
from broadcaster.outage.binder import settings as binder_settings
from broadcaster.outage.binder.file import Binder
from broadcaster.store import sealed_stream
from broadcaster.store.binder.carried_in import NotEmpty
from broadcaster.store.sealed_stream import PASSPHRASE, CannotOpen, Opener
from broadcaster.store.timeline.signed_note import BadNote, PublicKey

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
TO = click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder.")


@click.group()
def binder() -> None:
    """The binder: what is left when our servers, our sign-in or our carrier is what failed."""


def _opening(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options by which a binder is opened and its signer is known."""
    pem = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in (
        click.option("--signed-by", default="", help="The public key that `broadcaster audit key` printed."),
        click.option("--key", "pem", type=pem, help="The private key of EXPORT_CERT, instead of the passphrase."),
        click.option("--passphrase-file", "words", type=pem, help="A file with the passphrase, instead of typing it."),
    ):
        command = option(command)
    return command


@contextmanager
def _reading(file: Path, signed_by: str, opener: Opener) -> Iterator[Binder]:
    try:
        keys = [PublicKey.read(signed_by)] if signed_by else []
        with binder_file.reading(file, opener, keys) as found:
            if not keys:
                said = f"Signed by {found.manifest.key}: compare it with the key that was kept elsewhere."
                click.echo(said, err=True)
            yield found
    except BadNote as error:
        raise click.BadParameter(str(error), param_hint="--signed-by") from error
    except CannotOpen as error:
        raise click.ClickException(str(error)) from error


def _opener(file: Path, pem: Path | None, words: Path | None) -> Opener:
    """The passphrase is asked for where it can open the file; it is never an argument, which others could see."""
    if pem:
        data = pem.read_bytes()
        locked = b"ENCRYPTED" in data
        password = click.prompt("Password of the private key", hide_input=True, err=True) if locked else ""
        return Opener(key=data, password=password)
    if words:
        return Opener(passphrase=words.read_text(encoding="utf-8"))
    try:
        with file.open("rb") as stream:
            kinds = sealed_stream.openers(stream)
    except CannotOpen as error:
        raise click.ClickException(str(error)) from error
    if PASSPHRASE not in kinds:
        raise click.ClickException("This binder was sealed to a certificate only: give its private key with --key.")
    return Opener(passphrase=click.prompt("Passphrase of the binder", hide_input=True, err=True))


@binder.command("make")
@click.option("--without-residents", is_flag=True, help="The small one, as after a change of the directory.")
def make(without_residents: bool) -> None:
    """Make a binder now, as the sweep does every night.

    Example: broadcaster binder make
    """
    settings, sessions = opened()
    bound = binders_of(settings, sessions)
    if bound is None:
        raise click.ClickException("The binder is sealed to nobody: set BINDER_PASSPHRASE or EXPORT_CERT.")
    file = bound.make(whole=not without_residents)
    if file is None:
        raise click.ClickException("No binder could be made: the line before this one says why.")
    click.echo(f"{file} was made.")


@binder.command("verify")
@FILE
@_opening
def verify(file: Path, signed_by: str, pem: Path | None, words: Path | None) -> None:
    """Open a binder without writing anything: every byte, the signature, every file; exits 1 when one is wrong.

    Example: broadcaster binder verify binder-2026-06-18.zip.sealed
    """
    with _reading(file, signed_by, _opener(file, pem, words)) as found:
        click.echo(_words(found))


def _words(found: Binder) -> str:
    there = found.manifest.residents
    residents = f"the residents are in {there}" if there else "the residents are in it"
    return f"Whole: {len(found.manifest.parts)} files, made {found.manifest.made_at:%Y-%m-%d %H:%M} UTC; {residents}."


@binder.command("open")
@FILE
@TO
@click.option("--all", "everything", is_flag=True, help="Phones of residents, second factors and settings too.")
@_opening
def open_(
    file: Path, folder: Path, everything: bool, signed_by: str, pem: Path | None, words: Path | None
) -> None:  # fmt: skip
    """Open a binder into a folder of mode 0700, for people to read: begin with its binder.html.

    Example: broadcaster binder open binder-2026-06-18.zip.sealed --to tonight
    """
    with _reading(file, signed_by, _opener(file, pem, words)) as found:
        made = found.unpack(folder, release=everything)
        click.echo(_words(found))
    click.echo(f"{len(made)} files are in {folder}: open {folder / 'binder.html'} with a browser.")


@binder.command("load")
@FILE
@TO
@_opening
def load(file: Path, folder: Path, signed_by: str, pem: Path | None, words: Path | None) -> None:
    """Fill an empty database on this machine from a binder, so that two people can approve and send from here.

    Example: broadcaster binder load binder-2026-06-18.zip.sealed --to tonight
    """
    opener = _opener(file, pem, words)
    with _reading(file, signed_by, opener) as found, ExitStack() as closing:
        there = found.manifest.residents
        older = file.with_name(there) if there else file
        if not older.exists():
            raise click.ClickException(f"The residents are in {there}: put it into the folder of {file.name}.")
        residents = closing.enter_context(_reading(older, signed_by, opener)) if there else found
        try:
            loaded = laptop.load(found, residents, folder.resolve())
        except NotEmpty as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{loaded.residents:,} residents, {loaded.stops:,} who said STOP, and {loaded.people} of the desk.")
    if not loaded.has_a_carrier:
        click.echo(f"No carrier travels in this binder: put the account of one into {folder / '.env'} first.")
    click.echo(f"Now: `cd {folder}` and `broadcaster up`; the desk is at {binder_settings.HERE}/desk.")


COMMANDS = (binder,)
