"""What the board says of the last further contact of an agency."""

from __future__ import annotations

import pytest

from broadcaster.receipts.counts import Tried
from broadcaster.web.board.cards import tried_words

CASES = {
    "call: nobody picked up": Tried("voice", "accepted", "undelivered", "call_in_vain"),
    "call: the line was busy": Tried("voice", "accepted", "undelivered", "call_busy"),
    "call: the call could not be put through": Tried("voice", "accepted", "failed", "call_failed"),
    "call: no valid number": Tried("voice", "rejected", "none", "21211"),
    "call: a machine has it": Tried("voice", "accepted", "sent", ""),
    "call: somebody picked up and pressed nothing": Tried("voice", "accepted", "delivered", ""),
    "call under way": Tried("voice", "sending", "none", ""),
    "mail accepted": Tried("email", "accepted", "none", ""),
    "mail: no such mailbox": Tried("email", "accepted", "undelivered", "5.1.1"),
    "text delivered": Tried("sms", "accepted", "delivered", ""),
    "text: not delivered": Tried("sms", "expired", "none", ""),
}


@pytest.mark.parametrize("words", CASES)
def test_what_became_of_the_last_try(words: str) -> None:
    assert tried_words(CASES[words]) == words
