"""What the doctor says of mail that comes back, and of providers' notices that come by mail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.local.doctor import examine
from broadcaster.local.mailbox.returned import drop

TOKEN = "Tq8mT4vN1xR7cK2wP9sL5dH3jF6gB0yA"
CASES = {
    "off": ("", {}, None, "nobody learns of dead mailboxes"),
    "posted": ("", {"BOUNCE_TOKEN": TOKEN}, True, "/callbacks/mail/bounce"),
    "a Maildir": ("Maildir", {}, True, "Maildir"),
    "an mbox that is not there yet": ("spool/bounces", {}, False, "cannot be read and written"),
    "an mbox": ("bounces", {}, True, "bounces"),
    "a folder that is no Maildir": (".", {}, False, "no Maildir"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_doctor_says_of_bounces(name: str, tmp_path: Path) -> None:
    box, env, works, sentence = CASES[name]
    drop(tmp_path / "Maildir", b"Subject: x\n\n")
    full = {**env, "MODE": "demo", "DATA_DIR": str(tmp_path)}
    if box:
        full["BOUNCE_MAILBOX"] = str(tmp_path / box)
        full |= {"NOTICE_MAILBOX": str(tmp_path / box), "NOTICE_AUTHSERV_ID": "mx.example"}
    said = {each.what: each for each in examine(full)}
    assert said["bounces"].works is works and sentence in said["bounces"].sentence
    notices = said["providers' notices"]
    if box:
        assert notices == replace(said["bounces"], what="providers' notices")
        unnamed = {each.what: each for each in examine({**full, "NOTICE_AUTHSERV_ID": ""})}["providers' notices"]
        assert unnamed.works is (None if works else works) and ("NOTICE_AUTHSERV_ID" in unnamed.sentence) == works
    else:
        assert notices.works is None and "set NOTICE_MAILBOX" in notices.sentence
