"""The sentences of the desk and their Spanish. Bring the catalogue up to date with ``python -m tests.house.sentences``:
what is new stands there without a translation, what nobody says any more is gone; the house then asks for the rest."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from broadcaster.web.tongue import CATALOGUE
from tests.house.trees import ROOT, modules

PAGES = ROOT / "templates" / "web"
ROOMS = ("board", "desk", "report")
"""The folders of the pages that speak both languages; `web/vocabulary.SPOKEN` leaves any other whole in English."""
OF_JINJA, STRICT = "jinja2.ext:babel_extract", {"extensions": "jinja2.ext.i18n", "silent": "false"}
MARKS = ("broadcaster.said import", "broadcaster.web.tongue import", "refusal(")
KEYWORDS = {"_": None, "ngettext": (1, 2), "Said": None, "Counted": (1, 2), "pattern": None, "refusal": None}
HEADER = r"""# The desk in Spanish, by the makers of Broadcaster. No native officer has reviewed it.
# Written in the way of US government services: usted, sober, short. Texts of alerts are not in here.
msgid ""
msgstr ""
"Language: es\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
Sentence = str | tuple[str, str]


def pages() -> list[Path]:
    """The templates that speak both languages."""
    return sorted([PAGES / "layout.html", *(page for room in ROOMS for page in (PAGES / room).glob("**/*.html"))])


def said() -> Mapping[str, Sentence]:
    """Every sentence of the pages and of the program, by its singular."""
    found: dict[str, Sentence] = {}
    for sentence in _everywhere():
        key = sentence if isinstance(sentence, str) else sentence[0]
        if not isinstance(found.get(key), tuple):
            found[key] = sentence
    return found


def _everywhere() -> Iterator[Sentence]:
    for page in pages():
        yield from (found[1] for found in extract_from_file(OF_JINJA, page, KEYWORDS, options=STRICT))
    for path in modules():
        text = path.read_text(encoding="utf-8")
        if any(mark in text for mark in MARKS):
            yield from (found[1] for found in extract_from_file("python", path, KEYWORDS))


def catalogue() -> Catalog:
    """The catalogue as it stands in the file."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="es")


def anew(old: Catalog) -> Catalog:
    """The catalogue of what is said now, with the translations of the old one."""
    made = Catalog(locale="es")
    for key, sentence in sorted(said().items()):
        kept = old.get(key)
        string = kept.string if kept and isinstance(kept.string, str) is isinstance(sentence, str) else None
        made.add(sentence, string if string is not None else ("" if isinstance(sentence, str) else ("", "")))
    return made


def key(message: Message) -> str:
    """By what a sentence is found: its singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> tuple[str, ...]:
    """A translation: one form, or that for one and that for many."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def main() -> int:
    """Write the catalogue anew and say what is left to translate."""
    made, body = anew(catalogue()), BytesIO()
    write_po(body, made, width=120, no_location=True, omit_header=True, sort_output=True)
    CATALOGUE.write_text(HEADER + body.getvalue().decode(), encoding="utf-8")
    left = [message.id for message in made if message.id and not all(forms(message))]
    print(*left, f"{len(left)} sentences have no Spanish.", sep="\n", file=sys.stderr)  # noqa: T201 - a command
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
