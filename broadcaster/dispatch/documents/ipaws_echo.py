"""What IPAWS has published is compared with what was approved, a duty of the sweep while a post is fresh.

Nothing waits for it: it says what happened to a document after two people approved it, and the board is loud when it
is not theirs any more. That it is not found is said, too: the feed may be late, or FEMA's filters have kept it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from broadcaster import logs
from broadcaster.channels.errors import SendError
from broadcaster.channels.http import Door, DoorClosed
from broadcaster.channels.ipaws_feed import IpawsFeed
from broadcaster.dispatch.waves.window import Window
from broadcaster.feeds.cap import CapRefused
from broadcaster.feeds.echo import Echo, Verdict, echoed
from broadcaster.settings import Mode, Settings
from broadcaster.store.alerting import ipaws_echoes
from broadcaster.store.alerting.ipaws_echoes import Posted
from broadcaster.store.database import Sessions
from broadcaster.store.timeline import ledger

log = logs.get(__name__)
LOOK_EVERY_S = 120.0
"""As often as FEMA lets its feeds be asked."""
SHOWN_S = 30 * 60.0
"""So long an alert stays in the feed."""
GRACE_S = 300.0
"""Before that nobody is told that it is missing."""
WITHIN_S = 12.0
BEFORE = timedelta(minutes=1)


@dataclass
class Echoes:
    """The duty, over the feed of the settings."""

    sessions: Sessions
    window: Window
    feed: IpawsFeed

    @classmethod
    def of(cls, settings: Settings, sessions: Sessions, window: Window) -> Echoes:
        """For an installation that has set IPAWS_FEED_URL."""
        door = Door(live=settings.mode is Mode.LIVE)
        return cls(sessions, window, IpawsFeed(settings.ipaws_feed_url, door))

    def look(self) -> int:
        """Compare what is fresh; returns how many posts were seen published, whatever they said."""
        with self.sessions() as session:
            posts = ipaws_echoes.unseen(session, SHOWN_S)
        published = self._published(posts) if posts else b""
        return sum(self._judged(post, published) for post in posts) if published else 0

    def close(self) -> None:
        """Close the connection to the feed, before the window's loop ends."""
        self.window.run(self.feed.close(), 5.0)

    def _published(self, posts: Sequence[Posted]) -> bytes:
        try:
            return self.window.run(self.feed.since(min(post.sent for post in posts) - BEFORE), WITHIN_S)
        except (SendError, DoorClosed, TimeoutError) as error:
            log.warning("ipaws_feed_not_read", reason=str(error) or type(error).__name__)
            return b""

    def _judged(self, post: Posted, published: bytes) -> bool:
        try:
            echo = echoed(post.document, published)
        except CapRefused as refused:
            log.warning("ipaws_feed_not_read", reason=str(refused))
            return False
        if echo.verdict is Verdict.MISSING and post.age < GRACE_S:
            return False
        self._keep(post, echo)
        return echo.verdict is not Verdict.MISSING

    def _keep(self, post: Posted, echo: Echo) -> None:
        with self.sessions.begin() as session:
            if ipaws_echoes.keep(session, post.fanout, echo):
                said = {"no": post.no, "verdict": echo.verdict.value, "parts": list(echo.parts)}
                ledger.append(session, "machine:sweep", "ipaws_compared", f"alert:{post.alert}", said)
                (log.error if echo.verdict is Verdict.DIFFERS else log.info)("ipaws_compared", **said)
