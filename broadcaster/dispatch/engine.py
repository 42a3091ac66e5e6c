"""What every part of the fan-out works with: the store, the carriers, the keys and the clocks' scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broadcaster import logs
from broadcaster.channels import ack_link, registry
from broadcaster.channels.contract import Asked, Channel, Key
from broadcaster.dispatch.waves.record import Clerk
from broadcaster.dispatch.waves.recorder import Recorder
from broadcaster.dispatch.waves.window import Window
from broadcaster.messages.mail import ACK_TOKEN
from broadcaster.messages.message import Message
from broadcaster.settings import Settings
from broadcaster.store import database
from broadcaster.store.database import Sessions
from broadcaster.store.fanout import restored, senders
from broadcaster.store.fanout.followups import DueAsk
from broadcaster.store.fanout.senders import NewSender
from broadcaster.store.sealed import Sealer
from broadcaster.values import Keyring

log = logs.get(__name__)
CANARY, SECOND_CANARY = CANARIES = ("canary", "canary-second")
"""The canary's channels, over the first and over the second carrier: each has a sender, a pace and a circuit of its
own, so that nothing waits behind it."""
URGENT = ("feed", "ipaws", "handoff", "voice", "webhook", "email")
QUEUES: Mapping[str, tuple[str, ...]] = {"urgent": URGENT, "sms": ("sms", *CANARIES)}
"""Which channels each sending queue serves, the first one first."""


@dataclass(frozen=True, slots=True)
class Scales:
    """The three times of the algorithm in seconds (reliability.md 2.2); tests scale them down together."""

    lease: float = 30.0
    settle: float = 60.0
    blind: float = 120.0


class Engine:
    """One process's share of the fan-out: the carriers by name, and the channels that they serve."""

    def __init__(
        self, sessions: Sessions, sealer: Sealer, window: Window, keys: Keyring, scales: Scales, here: str = ""
    ) -> None:
        self.here = here or "http://localhost:8911"
        self.sessions, self.sealer, self.keys = sessions, sealer, keys
        self.window, self.scales = window, scales
        self.carriers: Mapping[str, Channel] = window.carriers
        self.carriers_by_channel: dict[str, list[str]] = {}
        for carrier, way in window.carriers.items():
            self.carriers_by_channel.setdefault(way.name, []).append(carrier)
        self.bulk = window.bulk
        self.bodies: dict[int, Message] = {}
        clerk = Clerk(sessions, scales.settle)
        self.recorder = Recorder(window, clerk.record, clerk.judge)

    def carriers_of(self, queue: str) -> list[str]:
        """Every carrier that a queue's channels may use."""
        return [carrier for channel in QUEUES[queue] for carrier in self.carriers_by_channel.get(channel, ())]

    @property
    def secret(self) -> str:
        """The key that signs what is made now."""
        return self.keys.newest

    def questions(self, asks: Sequence[DueAsk]) -> list[Asked]:
        """What a carrier is asked about attempts, their numbers opened: each in the words that any key of ours made,
        for a text of which nobody knows may bear a link of before the key changed."""
        return [question for ask in asks for question in self._questions(ask)]

    def _questions(self, ask: DueAsk) -> list[Asked]:
        to = self.sealer.open(ask.value_enc, ask.value_index)
        made = {self._linked(key, ask.text, ask.fanout_id, ask.address_id): None for key in self.keys.keys}
        return [Asked(Key(*ask.attempt), to, words, ask.started_at) for words in made]

    def patched(self, words: str, fanout: int, address: int) -> str:
        """A text as this address gets it: with its own link of acknowledgement, where one belongs."""
        return self._linked(self.secret, words, fanout, address)

    def _linked(self, key: str, words: str, fanout: int, address: int) -> str:
        if ACK_TOKEN not in words:
            return words
        return words.replace(ACK_TOKEN, ack_link.short_url(self.here, key, fanout, address))

    def close(self) -> None:
        """Let the last outcomes be recorded, then close the connections."""
        self.recorder.close()
        self.window.close()


def build(settings: Settings) -> Engine:
    """The engine of this process: its own connections, its own loop. SettingsError when a secret is missing."""
    window = Window(registry.build(settings), registry.in_flight(settings), bulk=registry.bulk(settings))
    return Engine(
        sessions=database.sessions(database.connect(settings.required("database_url"))),
        sealer=sealer_of(settings),
        window=window,
        keys=settings.keyring,
        scales=Scales(settings.lease, settings.settle, settings.blind),
        here=settings.public_base_url,
    )


def sealer_of(settings: Settings) -> Sealer:
    """The keys of the personal fields."""
    return Sealer(settings.field_key_bytes, settings.index_key_bytes, settings.field_key_id)


def hold_after_restore(sessions: Sessions, *, surely: bool = False) -> None:
    """Before anything is sent: a database out of a backup does not know who was told since, so everything that runs
    is held and every open row asked after. `surely` where the operator knows it better than the stamp."""
    with sessions.begin() as session:
        held = restored.hold_what_was_restored(session, surely=surely)
    if held:
        log.error("database_was_restored", held_fanouts=held.fanouts, open_waves=held.waves)


def register_senders(sessions: Sessions, settings: Settings) -> None:
    """Make the configured senders and their paces known to the limiter in the database; forget the others."""
    kept = [
        NewSender(way.channel, name, way.sender(settings), way.pace(settings), way.weight(settings))
        for name, way in registry.WAYS_OUT.items()
        if not way.missing(settings)
    ]
    with sessions.begin() as session:
        for new in kept:
            senders.register(session, new)
        senders.retire_others(session, kept)
