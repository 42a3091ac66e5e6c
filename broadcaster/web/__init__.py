"""The desk and the API, behind one door: `create_app`.

Law: a view checks, calls, redirects; it decides nothing. What issues, approves, holds or cancels works without
JavaScript and is never refused for being asked too often (reliability.md 4.1).
"""

from __future__ import annotations

from broadcaster.web.application import create_app

__all__ = ["create_app"]
