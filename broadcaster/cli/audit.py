"""Commands about the ledger: read it again, hold it against what was kept elsewhere, and print the key that signs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from broadcaster.dispatch.witness import file_of, keys_of, signer_of
from broadcaster.local import home
from broadcaster.store import database
from broadcaster.store.timeline import checkpoints
from broadcaster.store.timeline.checkpoints import Kept
from broadcaster.store.timeline.signed_note import BadNote, PublicKey


@click.group()
def audit() -> None:
    """The ledger."""


@audit.command("verify")
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with checkpoints that were kept elsewhere; may be given again.",
)
@click.option("--key", "lines", multiple=True, help="A public key of before SECRET_KEY_PREVIOUS.")
def verify(files: tuple[Path, ...], lines: tuple[str, ...]) -> None:
    """Read the whole ledger again: chain, tree, checkpoints, signatures; exits 1 and names what was changed.

    Example: broadcaster audit verify --checkpoint checkpoint.txt
    """
    settings = home.adopt(home.connected(home.environment()))
    try:
        keys = [*keys_of(settings), *(PublicKey.read(line) for line in lines)]
    except BadNote as error:
        raise click.BadParameter(str(error), param_hint="--key") from error
    own = file_of(settings)
    kept = [*([Kept(own)] if own.exists() else []), *(Kept(file, whole=False) for file in files)]
    with database.sessions(database.connect(settings.database_url))() as session:
        found = checkpoints.verify(session, keys, kept)
    events = found.verdict.events
    if found.why:
        click.echo(f"The ledger is broken: {found.why}. The {events} events before it are whole.")
        sys.exit(1)
    beside = "" if own.exists() else f" There is no file of checkpoints on this host ({own.name} in DATA_DIR)."
    click.echo(
        f"{events} events, unbroken, as {found.checkpoints} checkpoints have them; the chain ends with"
        f" {found.verdict.chain[:16]}, the root is {found.verdict.root}.{beside}"
    )


@audit.command("key")
def key() -> None:
    """Print the public key that signs the checkpoints; keep it away from this installation.

    Example: broadcaster audit key
    """
    signer = signer_of(home.adopt(home.environment()))
    click.echo(signer.public.written(signer.name))


COMMANDS = (audit,)
