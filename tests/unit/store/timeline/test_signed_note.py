"""Signed notes: one that others signed is understood, and whatever is changed in one of ours is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from broadcaster.store.timeline.signed_note import BadNote, Checkpoint, PublicKey, Signer, notes_in, opened

OTHERS_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
OTHERS = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example in the documentation of Go's package golang.org/x/mod/sumdb/note."""
SIGNER = Signer.of("secret-key-of-the-tests-0123456789ab", "911.state.example")
KEYS = (SIGNER.public,)
MADE = Checkpoint(SIGNER.name, 1234, bytes(range(32)), datetime(2026, 6, 18, 16, 0, tzinfo=UTC))
NOTE = SIGNER.note(MADE.text)


def test_what_is_signed_as_practice_is_never_a_checkpoint() -> None:
    other = Signer.of("secret-key-of-the-tests-0123456789ab", "911.state.example", "practice")
    assert other.name == "911.state.example/practice" and other.public != SIGNER.public
    with pytest.raises(BadNote, match="not of this installation's key"):
        Checkpoint.read(other.note(MADE.text), KEYS)


def test_a_note_that_go_has_signed_is_understood() -> None:
    key = PublicKey.read(OTHERS_KEY)
    assert key.written("PeterNeumann") == OTHERS_KEY
    text, name = opened(OTHERS, (key,))
    assert name == "PeterNeumann" and text.startswith("If you think cryptography")


def test_a_checkpoint_says_what_it_said() -> None:
    assert NOTE.splitlines()[:4] == [
        "911.state.example/ledger", "1234", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "2026-06-18T16:00:00Z",
    ]  # fmt: skip
    assert Checkpoint.read(NOTE, KEYS) == MADE
    assert Checkpoint.read(NOTE, (Signer.of("another-secret", "x").public, *KEYS)) == MADE
    assert notes_in(f"Dear watch,\n\n{NOTE}{NOTE}\nthe desk\n")[1] == NOTE


def test_no_byte_of_it_can_be_changed() -> None:
    data = NOTE.encode()
    for at in range(len(data)):
        for bit in range(8):
            bent = bytearray(data)
            bent[at] ^= 1 << bit
            with pytest.raises((BadNote, UnicodeDecodeError)):
                Checkpoint.read(bytes(bent).decode(), KEYS)


@pytest.mark.parametrize("line", ["", "a+00000000+AAAA", OTHERS_KEY.replace("c74f", "c74e"), OTHERS_KEY[:-4]])
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(BadNote, match="audit key"):
        PublicKey.read(line)


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(BadNote, match="no checkpoint"):
        Checkpoint.read(SIGNER.note("somewhere/else\n12\nAAAA\n2026-06-18T16:00:00Z\n"), KEYS)
