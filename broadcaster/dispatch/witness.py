"""The ledger's witness, a duty of the sweep: signs a checkpoint, appends it to a file, mails it to the watch.

Whoever takes over the database can rewrite every event and every hash, but not the checkpoints that are elsewhere by
then. Nothing waits for this: a mail that fails is written to the log and tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from broadcaster import logs
from broadcaster.channels import registry
from broadcaster.channels.contract import Channel, Key, Outgoing
from broadcaster.channels.errors import SendError
from broadcaster.dispatch.waves.window import Window
from broadcaster.messages.message import Message
from broadcaster.settings import Settings
from broadcaster.store.database import Sessions, now, only_one
from broadcaster.store.timeline import checkpoints
from broadcaster.store.timeline.checkpoints import AuditCheckpoint
from broadcaster.store.timeline.signed_note import PublicKey, Signer

log = logs.get(__name__)
MAIL_EVERY = timedelta(days=1)
WITHIN_S = 25.0
"""A mail ends by itself within 20 s."""
SUBJECT = "Keep this: checkpoint of the ledger, {size:,} events"
TEXT = """Please keep this mail. It proves later what the ledger of {authority} held now.

The ledger held {size:,} events at {at}. Their Merkle root is
{root}

To check the ledger against it, save the attachment and run
broadcaster audit verify --checkpoint checkpoint.txt

The attachment is a signed note (C2SP). It is signed by this key, which changes only with the installation's secret:
{key}
"""


def signer_of(settings: Settings) -> Signer:
    """Who signs the checkpoints of this installation. SettingsError when SECRET_KEY is missing."""
    return _signer(settings, settings.required("secret_key"))


def keys_of(settings: Settings) -> list[PublicKey]:
    """Whose signatures are this installation's: of its secret, and of the one before while that is set."""
    return [_signer(settings, key).public for key in settings.keyring.keys]


def _signer(settings: Settings, secret: str) -> Signer:
    return Signer.of(secret, urlsplit(settings.public_base_url).hostname or "localhost")


def file_of(settings: Settings) -> Path:
    """The file to which every checkpoint is appended."""
    return settings.data_dir / "ledger" / "checkpoints.txt"


@dataclass
class Witness:
    """The duty. `channel` carries its mail to `mailbox`; without either, the file and the public page have to do."""

    sessions: Sessions
    signer: Signer
    file: Path
    authority: str
    window: Window
    channel: Channel | None = None
    mailbox: str = ""

    @classmethod
    def of(cls, settings: Settings, sessions: Sessions, window: Window) -> Witness:
        """The witness of an installation."""
        return cls(
            sessions=sessions,
            signer=signer_of(settings),
            file=file_of(settings),
            authority=settings.authority,
            window=window,
            channel=registry.witness(settings),
            mailbox=settings.watch_email,
        )

    def look(self) -> int:
        """Sign, file and mail what is due; returns how many checkpoints the file has got."""
        with self.sessions.begin() as session, only_one(session, "witness") as alone:
            moment = now(session)
            if alone and checkpoints.due(session, moment):
                checkpoints.make(session, self.signer, moment)
        filed = self._file()
        if self.channel and self.mailbox:
            self._mail(self.channel, moment)
        return filed

    def _file(self) -> int:
        """Append what the file lacks. A disk that is full or away keeps nobody from the mail, and the next look from
        nothing: the file gets then all that it has missed."""
        try:
            with self.sessions() as session:
                return checkpoints.keep(session, self.file)
        except OSError as error:
            log.error("checkpoint_not_filed", file=str(self.file), reason=error.strerror or str(error))
            return 0

    def _mail(self, channel: Channel, moment: datetime) -> None:
        """Claim the mail, then send it: two sweeps send one. What was surely not sent is due again."""
        with self.sessions.begin() as session, only_one(session, "witness") as alone:
            made = checkpoints.unmailed(session, moment, MAIL_EVERY) if alone else None
            before = checkpoints.mailed(session, made.size, moment) if made else 0
        if made is None:
            return
        try:
            self.window.run(channel.send(self._written(made)), WITHIN_S)
        except (SendError, TimeoutError) as error:
            log.error("checkpoint_not_mailed", size=made.size, reason=getattr(error, "reason", "timeout"))
            with self.sessions.begin() as session:
                checkpoints.mailed(session, before, moment)

    def _written(self, made: AuditCheckpoint) -> Outgoing:
        words = TEXT.format(
            authority=self.authority,
            size=made.size,
            at=f"{made.at:%Y-%m-%d %H:%M:%S} UTC",
            root=made.root.hex(),
            key=self.signer.public.written(self.signer.name),
        )
        message = Message(SUBJECT.format(size=made.size), words, made.note)
        return Outgoing(Key(0, made.size, 1), self.mailbox, message, "", 0)
