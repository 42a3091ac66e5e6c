"""What stood on a page when it was made: what is sent from it is acted on only while that still stands.

Two officers, or two tabs of one, change the same draft: whoever sends second must not undo what they never saw, nor
submit it.
"""

from __future__ import annotations

import hashlib
import json

from flask import request

from broadcaster.said import Said
from broadcaster.store.alerting.alerts import Revision

FIELD = "seen"
CHANGED = Said(
    "This alert was changed after you had opened this page. What you typed stands below, and nothing of it was saved:"
    " look at the alert as it is now, then send this again if it still holds."
)
LOOK_AGAIN = Said("This alert was changed after you had opened this page: look at it as it is now, then go on.")


def mark(revision: Revision) -> str:
    """A revision and what it says, as a page carries them."""
    said = hashlib.sha256(json.dumps(revision.content, sort_keys=True).encode()).hexdigest()
    return f"{revision.no}.{'frozen' if revision.frozen_at else 'draft'}.{said[:32]}"


def is_older(revision: Revision) -> bool:
    """Whether the page that sent this request showed something else; one that carries no mark showed what there is."""
    return request.form.get(FIELD, "") not in ("", mark(revision))
