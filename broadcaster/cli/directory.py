"""Commands about the directory: import with a difference, export, and which number here."""

from __future__ import annotations

from pathlib import Path

import click

from broadcaster.channels import webhook
from broadcaster.cli.data import opened
from broadcaster.directory import UnknownCommunity
from broadcaster.directory.boundaries import Areas
from broadcaster.directory.here import Asked, BadPlace, Here, look
from broadcaster.directory.rows import described
from broadcaster.dispatch.engine import sealer_of
from broadcaster.local import home
from broadcaster.store.places import directory_import, directory_load, town_shapes
from broadcaster.store.places.directory_files import BadFile
from broadcaster.store.places.directory_history import Author
from broadcaster.store.places.directory_import import Moved, Proposal
from broadcaster.store.places.directory_load import CommunityDropped
from broadcaster.store.timeline import ledger

MOST_SHOWN = 200
"""Lines of a difference on a terminal; the desk shows all."""
CHANGING = "Its secret of before is good until SECRET_KEY_PREVIOUS is removed: notices carry both signatures."


@click.group()
def directory() -> None:
    """Who answers 911 where, their numbers, and the agencies."""


@directory.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run/--apply", "dry", default=False, help="Say what would change, and change nothing.")
def import_directory(file: Path, dry: bool) -> None:
    """Bring the directory to a .csv, .json or .geojson file; a file with a bad row changes nothing.

    A .geojson file holds the boundaries of PSAPs or the shapes of communities; its fields tell which. What the file
    leaves out of a kind of row that it speaks of is retired.

    Example: broadcaster directory import directory.csv --dry-run
    """
    settings, sessions = opened()
    sealer = sealer_of(settings)
    try:
        with sessions.begin() as session:
            proposal = directory_import.propose(session, sealer, file.name, file.read_bytes())
            _tell(proposal)
            if proposal.refused:
                raise BadFile(f"Nothing was imported: {_many(len(proposal.refused), 'refusal')}, see above.")
            if not dry:
                directory_import.apply(session, sealer, proposal, Author("console", file.name))
    except (BadFile, CommunityDropped, Moved) as error:
        raise click.ClickException(str(error)) from error
    value = proposal.directory
    done = "Nothing was changed (dry run)" if dry else "Imported"
    click.echo(f"{done}: {_many(len(proposal.changes), 'difference')}.")
    click.echo(f"{len(value.communities)} communities, {len(value.psaps)} PSAPs, {len(value.agencies)} agencies.")


def _tell(proposal: Proposal) -> None:
    for one in proposal.changes[:MOST_SHOWN]:
        click.echo(described(one))
    if len(proposal.changes) > MOST_SHOWN:
        click.echo(f"and {len(proposal.changes) - MOST_SHOWN:,} more")
    for mended in proposal.mended:
        click.echo(f"feature {mended.line}: {mended.sentence}")
    for refusal in proposal.refused:
        click.echo(f"line {refusal.line}: {refusal.sentence}" if refusal.line else refusal.sentence, err=True)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@directory.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_directory(file: Path) -> None:
    """Write the directory into a .csv or .json file (contacts included), or boundaries into a .geojson one; 0600.

    A name that ends in .shapes.geojson gets the shapes of the communities instead.

    Example: broadcaster directory export directory.csv
    """
    settings, sessions = opened()
    try:
        with sessions.begin() as session:
            data = directory_import.export(session, sealer_of(settings), file.name)
            ledger.append(session, "operator", "exported", "directory", {"what": file.suffix[1:]})
    except BadFile as error:
        raise click.ClickException(str(error)) from error
    file.touch(mode=0o600)
    file.chmod(0o600)  # one that was there already keeps its mode otherwise, and these are the agencies' contacts
    file.write_bytes(data)
    click.echo(f"The directory was written to {file}.")


@directory.command("here")
@click.argument("place", default="")
@click.option("--zip", "zip_code", default="", help="A ZIP code.")
@click.option("--county", default="", help="A county's name or FIPS code.")
@click.option("--point", default="", help="Latitude,longitude in degrees.")
def here(place: str, zip_code: str, county: str, point: str) -> None:
    """Which number here? Of a community, a ZIP, a county or a point.

    Example: broadcaster directory here --point 42.56,-71.59
    """
    _, sessions = opened()
    with sessions() as session:
        value = directory_load.load(session, agencies=False)
        areas = town_shapes.areas(session) if point else Areas([])
    try:
        found = look(value, areas, Asked(place, zip_code, county, point))
    except (BadPlace, UnknownCommunity) as error:
        raise click.ClickException(str(error)) from error
    for one in found:
        click.echo(_line(one))


@directory.command("webhook-secret")
@click.argument("url")
def webhook_secret(url: str) -> None:
    """Print the secret by which the receiver at URL checks our notices; it goes to nobody else.

    Example: broadcaster directory webhook-secret https://cad.police.example/911
    """
    keyring = home.adopt(home.environment()).keyring
    click.echo(webhook.receiver_secret(keyring.newest, url))
    if keyring.previous:
        click.echo(CHANGING, err=True)


def _line(one: Here) -> str:
    best = one.answers[0]
    if best.number is None:
        return f"{one.community.name} ({one.county} County): {best.why}"
    when = f"verified {best.number.verified_on}" if best.number.verified_on else "never verified"
    return f"{one.community.name} ({one.county} County): {best.number.display}, {best.why}, {when}"


COMMANDS = (directory,)
