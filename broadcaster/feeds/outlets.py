"""Over which outlets of IPAWS a message goes: its event, its class on phones, what BLOCKCHANNEL closes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from broadcaster.alert.alert import ENDINGS, RevisionKind
from broadcaster.feeds.capvalues import MsgType, NameValue
from broadcaster.feeds.facts import LANGUAGES, SEVERE, Facts, InfoTexts, msg_type

TEST_EVENTS = {
    "DMO": {"en": "Practice/Demo Warning", "es": "Aviso de práctica/demostración"},
    "RMT": {"en": "Required Monthly Test", "es": "Prueba mensual requerida"},
    "RWT": {"en": "Required Weekly Test", "es": "Prueba semanal requerida"},
}
CLEAR_EVENTS = {"en": "Administrative Message", "es": "Mensaje administrativo"}
"""The names of ADR: an all-clear that called itself an outage emergency would be read as one."""


def same_event(facts: Facts) -> str:
    """TOE while 911 fails; ADR for what is over, so that no siren repeats the outage; DMO, RMT or RWT for every drill.

    A Cancel keeps TOE: boxes log it and never air it (ECIG guide). So does an all-clear to phones, which get no ADR.
    """
    if facts.is_drill:
        return facts.test_event
    over = facts.kind in ENDINGS and msg_type(facts) is not MsgType.CANCEL
    return "ADR" if over and not _handling(facts) else "TOE"


def event(facts: Facts, texts: InfoTexts) -> str:
    """The event by name, which must say the same as its code."""
    code = same_event(facts)
    names = TEST_EVENTS.get(code) or (CLEAR_EVENTS if code == "ADR" else {})
    return names.get(texts.lang, names.get("en", texts.event))


def _handling(facts: Facts) -> str:
    """The class in which phones get it (47 CFR 10.400), or ``""``.

    Imminent Threat for an outage that keeps calls from 911; for the Cancel of one too, so that it reaches the gateways
    that repeat it. An all-clear only as Public Safety, which follows another class, and only if that was chosen; not
    beside EAS, whose ADR phones do not get.
    """
    if facts.content.failure not in SEVERE:
        return ""
    follows_up = msg_type(facts) is not MsgType.ALERT
    if facts.kind is RevisionKind.ALL_CLEAR and not (facts.clear_on == {"CMAS"} and follows_up):
        return ""
    if facts.kind is RevisionKind.FALSE_ALARM and not follows_up:
        return ""
    if facts.is_drill:
        return "WEA Test"
    return "Public Safety" if facts.kind is RevisionKind.ALL_CLEAR else "Imminent Threat"


def closed_channels(facts: Facts) -> tuple[str, ...]:
    """What BLOCKCHANNEL names: outlets that it may not go to, that nobody chose, or for which there are no words."""
    closed = set(facts.blocked)
    if not _handling(facts) or not any(_has_wea(texts) for texts in facts.texts):
        closed.add("CMAS")
    if facts.kind in ENDINGS and msg_type(facts) is not MsgType.CANCEL and "EAS" not in facts.clear_on:
        closed.add("EAS")
    return tuple(sorted(closed | {"NWEM"} if "EAS" in closed else closed))


def _has_wea(texts: InfoTexts) -> bool:
    """Whether a language has a text for phones; WEA carries English and Spanish only (47 CFR 10.480)."""
    return bool(texts.wea90) and texts.lang in LANGUAGES


def parameters(facts: Facts, texts: InfoTexts) -> tuple[NameValue, ...]:
    """The parameters of one language's block: originator, zone, class and texts for phones, closed outlets."""
    pairs = [NameValue("EAS-ORG", "CIV")]
    zone = facts.sent.astimezone(ZoneInfo(facts.timezone)).tzname()
    if zone and zone.isalpha():
        pairs.append(NameValue("timezone", zone))
    closed = closed_channels(facts)
    if "CMAS" not in closed and _has_wea(texts):
        pairs.append(NameValue("WEAHandling", _handling(facts)))
        pairs.append(NameValue("CMAMtext", texts.wea90))
        if texts.wea360:
            pairs.append(NameValue("CMAMlongtext", texts.wea360))
    return (*pairs, *(NameValue("BLOCKCHANNEL", name) for name in closed))
