"""The one door through which XML comes in: small, shallow, and without anything that reaches outside itself."""

from __future__ import annotations

import codecs
import re

from lxml import etree

from broadcaster.feeds.capvalues import CapRefused

MOST_BYTES = 5_000_000
"""A message with two minutes of EAS audio inside (MP3 at 64 kbit/s in base64) has 1.3 MB."""

MOST_MARKS = 400_000
"""``<`` signs: a message for every county of a large country in two languages has some 100,000."""

DEEPEST = 24
"""Elements inside each other: a CAP message has 5, a signature with its certificates some 8."""

MOST_ATTRIBUTES = 2_000
"""``=`` signs inside tags: CAP has no attributes of its own, a signature has some ten."""

_FORBIDDEN = re.compile(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_DECLARED = re.compile(r"<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]{0,100}?\?>")
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,300}?\?>")
_ENCODINGS = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"})
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def parse_root(data: bytes) -> etree._Element:
    """The root element of a small, harmless XML document, without comments and instructions.

    Refused before any parser sees it: more than 5 MB or 400,000 tags, an encoding other than UTF-8, UTF-16, ASCII,
    Latin-1 and Windows-1252, a DOCTYPE or an entity. Refused after: not well-formed, or deeper than 24 elements.
    """
    if len(data) > MOST_BYTES:
        raise CapRefused(f"The document is larger than {MOST_BYTES // 1_000_000} MB.")
    text = decoded(data)
    declaration = _DECLARATION.match(text)
    text = text[declaration.end() :] if declaration else text
    if _FORBIDDEN.search(text):
        raise CapRefused("The document declares a DOCTYPE or an entity.")
    if text.count("<") > MOST_MARKS or text.count("=") > MOST_MARKS:
        raise CapRefused(f"The document has more than {MOST_MARKS} tags.")
    root = _parsed(text)
    if root.xpath(f"boolean(/*{'/*' * DEEPEST})"):
        raise CapRefused(f"The document has elements more than {DEEPEST} deep.")
    if root.xpath(f"count(//@*) > {MOST_ATTRIBUTES}"):
        raise CapRefused(f"The document has more than {MOST_ATTRIBUTES} attributes.")
    return root


def decoded(data: bytes) -> str:
    """The characters of a document by its byte order mark, else by its declaration, else as UTF-8."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
    if not encoding:
        encoding = _declared(data[:400])
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise CapRefused(f"The document is not {encoding.upper()}, as it says or as XML is without a word.") from error


def _declared(head: bytes) -> str:
    """The encoding that a document without a byte order mark names; UTF-8 where it names none."""
    match = _DECLARED.match(head.decode("ascii", "replace"))
    try:
        encoding = codecs.lookup(match[1]).name if match else "utf-8"
    except LookupError as error:
        raise CapRefused(f"The document names an encoding that nobody knows: {match and match[1]}.") from error
    if encoding not in _ENCODINGS or (match and encoding.startswith("utf-16")):
        raise CapRefused(f"The document says that it is {encoding}: send it in UTF-8.")
    return encoding


def _parsed(text: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        why = error.msg if isinstance(error, etree.XMLSyntaxError) else "half a character"
        raise CapRefused(f"The document is not well-formed XML: {why}.") from error
