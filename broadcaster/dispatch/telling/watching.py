"""Tells dashboards, a duty of the sweep: each step that they asked for, signed, in its order, until it is taken.

It reads what was committed and holds nothing up: an alert does not know that anybody watches.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from broadcaster import logs
from broadcaster.channels.contract import Channel, Key, Outgoing
from broadcaster.channels.errors import SendError
from broadcaster.dispatch.waves.window import Window
from broadcaster.messages.message import Message
from broadcaster.store.alerting import watchers
from broadcaster.store.alerting.watchers import Notice
from broadcaster.store.database import Sessions, now

log = logs.get(__name__)
EVERY_S = 1.0
AT_ONCE = 50
"""Notices of one look."""
WITHIN_S = 10.0


@dataclass
class Watching:
    """The duty."""

    sessions: Sessions
    window: Window
    channel: Channel

    def look(self) -> int:
        """Tell whoever is behind; returns how many notices were taken."""
        taken = 0
        for _ in range(AT_ONCE):
            with self.sessions.begin() as session:
                notice = watchers.claim(session, now(session))
            if notice is None:
                break
            taken += self._tell(notice)
        return taken

    def _tell(self, notice: Notice) -> bool:
        failure = ""
        try:
            self.window.run(self.channel.send(_written(notice)), WITHIN_S)
        except (SendError, TimeoutError) as error:
            failure = str(getattr(error, "reason", "timeout"))
            log.warning("watcher_not_told", watcher=notice.watcher, seq=notice.seq, reason=failure)
        with self.sessions.begin() as session:
            watchers.settle(session, notice, now(session), failure)
        return not failure


def _written(notice: Notice) -> Outgoing:
    """A notice as Standard Webhooks writes one: type, timestamp, data."""
    body = {
        "type": notice.type,
        "timestamp": notice.at.isoformat(),
        "data": {**notice.data, notice.about: notice.key, "event": notice.seq},
    }
    words = json.dumps(body, ensure_ascii=False)
    return Outgoing(Key(0, notice.seq, 1), notice.url, Message("", words, ""), "", 0)
