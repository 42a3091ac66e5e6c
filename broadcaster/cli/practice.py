"""Commands about practice at the training desk."""

from __future__ import annotations

import click

from broadcaster.dispatch.practice.practice_posts import signer_of
from broadcaster.local import home
from broadcaster.settings import Mode, SettingsError


@click.group()
def practice() -> None:
    """Practice at the training desk."""


@practice.command("key")
def key() -> None:
    """Print the public key that signs the practice of this training installation: PRACTICE_KEY of the live one.

    Example: MODE=training broadcaster practice key
    """
    settings = home.adopt(home.environment())
    if settings.mode is not Mode.TRAINING:
        raise SettingsError("Only a training installation signs practice: ask for the key with MODE=training.")
    signer = signer_of(settings)
    click.echo(signer.public.written(signer.name))


COMMANDS = (practice,)
