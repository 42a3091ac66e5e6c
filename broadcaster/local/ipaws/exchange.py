"""The exchange: what becomes of a posted alert on each channel, and the ledger of everything that was posted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import SignXMLException

from broadcaster.local.ipaws.envelope import CAP, DSIG, parsed
from broadcaster.local.ipaws.faults import Faults
from broadcaster.local.ipaws.group import Group

FRESH = timedelta(minutes=5)
GATEWAYS = ("Carrier A", "Carrier B", "Carrier C")
OUTLETS = {"NWEM": 400, "EAS": 500, "CMAS": 600, "PUBLIC": 800}
WORDS = {
    "200": "Ack", "201": "duplicate-identifier", "202": "alert-signature-is-valid", "207": "missing-reference",
    "208": "alert-signature-not-valid", "209": "referenced-alert-expired", "213": "invalid-circle",
    "214": "area-outside-COG-authority", "221": "invalid-CAPEXCHANGE-message", "300": "Ack", "303": "sent-too-old",
    "307": "reference-element-invalid", "400": "Ack", "401": "message-not-disseminated-as-NWEM", "500": "Ack",
    "501": "message-not-disseminated-as-EAS", "600": "Ack", "615": "signer-not-authorized-for-event-code-CMAS",
    "10": "Ack", "800": "Ack", "801": "message-not-disseminated-as-non-EAS-public",
}  # fmt: skip
GOOD = frozenset({"200", "202", "300", "400", "500", "600", "10", "800"})


@dataclass(frozen=True)
class Status:
    """What one channel or gateway answers."""

    channel: str
    code: str
    gateway: str = ""

    @property
    def error(self) -> bool:
        """Whether it is one."""
        return self.code not in GOOD

    @property
    def words(self) -> str:
        """The code in words."""
        return WORDS.get(self.code, "gateway-error")


@dataclass
class Posted:
    """One post that was read, with the bytes of its alert; `taken` says that the exchange has it since."""

    identifier: str
    sender: str
    sent: str
    status: str
    msg_type: str
    references: str
    event: str
    places: tuple[str, ...]
    expires: str
    at: float
    sha: str
    xml: str
    taken: bool = False
    fault: str = ""
    statuses: list[Status] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


class Exchange:
    """Every alert that was posted by the one group, in the order of the posts."""

    def __init__(self, group: Group, faults: Faults) -> None:
        self.group, self.faults = group, faults
        self.posts: list[Posted] = []
        self.asked: dict[str, int] = {}
        if group.ledger and group.ledger.exists():
            self.posts = [_back(json.loads(line)) for line in group.ledger.read_text(encoding="utf-8").splitlines()]

    @property
    def taken(self) -> dict[str, Posted]:
        """The alerts that the exchange has, by identifier."""
        return {post.identifier: post for post in self.posts if post.taken}

    def take(self, raw: bytes, fault: str) -> Posted:
        """Judge an alert, and keep it where it is good; `fault` befalls its answer."""
        post, refused = self._judged(raw)
        post.fault = fault
        post.statuses = [Status(*refused)] if refused else list(self._outlets(post, parsed(raw)))
        whole = [status for status in post.statuses if status.channel in ("CAPEXCH", "IPAWS")]
        post.taken = not any(status.error for status in whole)
        self._keep(post)
        return post

    def _keep(self, post: Posted) -> None:
        self.posts.append(post)
        if self.group.ledger:
            with self.group.ledger.open("a", encoding="utf-8") as file:
                file.write(json.dumps(post.json()) + "\n")

    def _judged(self, raw: bytes) -> tuple[Posted, tuple[str, str] | None]:
        """The alert as read, and the code that refuses it whole, or None."""
        root = parsed(raw)
        post = _read(root, raw, self.group.clock())
        checks = (
            ("CAPEXCH", "208", not self._signed(root, post)),
            ("CAPEXCH", "201", post.identifier in self.taken),
            ("CAPEXCH", "221", not (post.identifier and post.sent and post.expires and post.event)),
            ("CAPEXCH", "214", not all(map(self._may_reach, post.places))),
            ("CAPEXCH", "221", bool(self.group.events) and post.event not in self.group.events),
            ("IPAWS", "303", not self._fresh(post)),
            ("IPAWS", "307", post.msg_type != "Alert" and not post.references),
            *self._references(post),
        )
        forced = {
            channel: self.faults.codes[channel] for channel in ("CAPEXCH", "IPAWS") if channel in self.faults.codes
        }
        wanted = [(channel, code) for channel, code in forced.items() if code not in GOOD]
        found = [(channel, code) for channel, code, wrong in checks if wrong] + wanted
        return post, found[0] if found else None

    def _signed(self, root: etree._Element, post: Posted) -> bool:
        """Whether one signature, the last child, covers the whole alert and is of a registered certificate."""
        signatures = list(root.iter(f"{DSIG}Signature"))
        if len(signatures) != 1 or signatures[0] is not root[-1]:
            return False
        if [each.get("URI") for each in root.iter(f"{DSIG}Reference")] != [""]:
            return False
        return any(_holds(root, pem, self.group.clock()) for pem in self.group.alert)

    def _may_reach(self, place: str) -> bool:
        allowed = set(self.group.places)
        return not allowed or bool({place, f"0{place[1:]}", f"0{place[1:3]}000"} & allowed)

    def _fresh(self, post: Posted) -> bool:
        sent, now = datetime.fromisoformat(post.sent), datetime.fromtimestamp(self.group.clock(), UTC)
        return abs(now - sent) <= FRESH

    def _references(self, post: Posted) -> Iterator[tuple[str, str, bool]]:
        """Each reference must name an alert of ours exactly, and none of ours that is not over may be missing."""
        now = datetime.fromtimestamp(self.group.clock(), UTC)
        named = set(post.references.split())
        known = {f"{each.sender},{each.identifier},{each.sent}": each for each in self.taken.values()}
        for name in named:
            yield "CAPEXCH", "207", name not in known
            over = name in known and datetime.fromisoformat(known[name].expires) <= now
            yield "CAPEXCH", "209", over

    def _outlets(self, post: Posted, root: etree._Element) -> Iterator[Status]:
        """The good news of the exchange, then each outlet's own."""
        yield Status("CAPEXCH", "200")
        yield Status("CAPEXCH", "202")
        yield Status("IPAWS", "300")
        blocked = {value for name, value in _parameters(root) if name == "BLOCKCHANNEL"}
        wea = {value for name, value in _parameters(root) if name == "WEAHandling"}
        allowed = {"EAS": self.group.eas, "PUBLIC": self.group.public, "CMAS": self.group.wea and bool(wea)}
        for outlet, code in OUTLETS.items():
            airs = post.status in self.group.airs and outlet not in blocked and allowed.get(outlet, True)
            if outlet == "CMAS" and (outlet in blocked or not wea):
                continue
            own = str(code if airs else 615 if outlet == "CMAS" else code + 1)
            if outlet == "CMAS" and self.group.wea_events and post.event not in self.group.wea_events:
                own = "615"
            said = self.faults.codes.get(outlet, own)
            yield Status(outlet, said)
            if outlet == "CMAS" and said == "600":
                yield from (Status("CMAS", self._gateway(name), name) for name in GATEWAYS)

    def _gateway(self, name: str) -> str:
        return self.faults.codes.get(f"gateway:{name}", "10")


def _holds(root: etree._Element, pem: bytes, now: float) -> bool:
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        verification_time=datetime.fromtimestamp(now, UTC),
    )
    try:
        XMLVerifier().verify(root, x509_cert=pem.decode("ascii"), expect_config=expected)
    except (SignXMLException, ValueError):
        return False
    return True


def _parameters(root: etree._Element) -> Iterator[tuple[str, str]]:
    for each in root.iter(f"{CAP}parameter"):
        yield each.findtext(f"{CAP}valueName") or "", each.findtext(f"{CAP}value") or ""


def _read(root: etree._Element, raw: bytes, now: float) -> Posted:
    def leaf(name: str) -> str:
        return (root.findtext(f"{CAP}{name}") or "").strip()

    def first(path: str) -> str:
        return (root.findtext(f"{CAP}info/{CAP}{path}") or "").strip()

    codes = [
        (each.findtext(f"{CAP}valueName"), each.findtext(f"{CAP}value") or "")
        for each in (*root.iter(f"{CAP}geocode"), *root.iter(f"{CAP}eventCode"))
    ]
    same = [value for name, value in codes if name == "SAME"]
    return Posted(
        identifier=leaf("identifier"),
        sender=leaf("sender"),
        sent=leaf("sent"),
        status=leaf("status"),
        msg_type=leaf("msgType"),
        references=leaf("references"),
        event=next((value for value in same if value.isalpha()), ""),
        places=tuple(dict.fromkeys(value for value in same if value.isdigit())),
        expires=first("expires"),
        at=now,
        sha=hashlib.sha256(raw).hexdigest(),
        xml=raw.decode("utf-8"),
    )


def _back(plain: dict[str, Any]) -> Posted:
    statuses = [Status(**each) for each in plain.pop("statuses")]
    return Posted(**{**plain, "places": tuple(plain["places"])}, statuses=statuses)
