"""The public window: a server of published files, and nothing behind it.

Law: no database, no session, no cookie, no desk. It stays up when everything else is down, says "as of" on every page
and turns loud when that is older than a minute. Any other web server can take its place.
"""

from broadcaster.window.app import create_app

__all__ = ["create_app"]
