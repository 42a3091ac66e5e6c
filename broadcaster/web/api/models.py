"""What the API takes and gives, as models: the OpenAPI document is made from them, so it cannot say anything else."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from broadcaster.alert.alert import Certainty, ChannelName, FailureKind, RevisionKind
from broadcaster.alert.lifecycle import AlertKind, Tier
from broadcaster.alert.phone import Visibility

Note = Annotated[str, Field(max_length=500)]
Name = Annotated[str, Field(max_length=80)]


def _within_reach(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2100:
        raise ValueError("That is not of this century: check the year")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]


class In(BaseModel):
    """Something that is sent to us: an unknown field is a mistake, not a detail."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Nothing(In):
    """An empty body."""


class GeoJsonIn(BaseModel):
    """A GeoJSON geometry (RFC 7946), longitude first, 2,000 points at most; what else it carries is ignored."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Any]


class AreaIn(In):
    """Where: the whole state, or counties (FIPS), communities and PSAPs by code, or what a polygon touches."""

    statewide: bool = False
    counties: list[str] = []
    communities: list[str] = []
    psaps: list[str] = []
    geojson: GeoJsonIn | None = None


class NumberIn(In):
    """An alternate number for one community, as people type it."""

    number: str
    label: Name = ""
    visibility: Visibility = Visibility.PUBLIC
    sms: bool = False


class ConfirmationIn(In):
    """Who says that 911 works again, where, and how they know; without communities: everywhere in the alert."""

    communities: list[str] = []
    who: Annotated[str, Field(min_length=1, max_length=80)]
    how: Annotated[str, Field(min_length=1, max_length=80)]
    at: Moment


class WithheldIn(In):
    """Agencies that are not told: lists (a role, or ``role/county FIPS``), single ones by code, and why."""

    lists: list[str] = []
    agencies: list[str] = []
    reason: Annotated[str, Field(max_length=300)] = ""


class ChangeIn(In):
    """What can be decided about a draft; a field that is left out stays as it is."""

    failure: FailureKind | None = None
    provider: Name | None = None
    certainty: Certainty | None = None
    area: AreaIn | None = None
    began: Moment | None = None
    expires: Moment | None = None
    next_update: Moment | None = None
    expected_restoration: Moment | None = None
    note: Note | None = None
    cause: Note | None = None
    overrides: dict[str, NumberIn] | None = None
    channels: list[ChannelName] | None = None
    languages: list[str] | None = None
    restored: list[str] | None = None
    confirmations: list[ConfirmationIn] | None = None
    withheld: WithheldIn | None = None


class AlertIn(ChangeIn):
    """A new alert. Left out: it expires in two hours, and the next update is promised in 30 minutes."""

    kind: Literal[AlertKind.OUTAGE, AlertKind.TEST] = AlertKind.OUTAGE
    failure: FailureKind
    area: AreaIn
    began: Moment


class ApproveIn(In):
    """The hash of exactly what was read, and a fresh one-time code of the person."""

    hash: str
    totp: str


class ReasonIn(In):
    """Why, in a few words: the author reads it."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class HoldIn(In):
    """Which tier to hold; without one: every tier that is out."""

    tier: Tier | None = None


class ResumeIn(HoldIn):
    """As for the approval; the code is only asked for where a second person is needed."""

    hash: str
    totp: str = ""


class RevisionIn(In):
    """Which kind of revision comes next."""

    kind: RevisionKind


class FindingOut(BaseModel):
    """What is wrong with a document, and by whose rule; an error keeps it from the channel that it concerns."""

    code: str
    level: str
    xpath: str
    sentence: str
    source: str
    concern: str


class ProblemOut(BaseModel):
    """A field, and a sentence that says what to do."""

    field: str
    sentence: str


class TextOut(BaseModel):
    """A text message as the people of one community read it."""

    community: str
    lang: str
    text: str
    encoding: str
    segments: int


class CallOut(BaseModel):
    """A call as the landlines of one community hear it, a line for each language that it is said in."""

    community: str
    name: str
    lang: str
    text: str


class MailOut(BaseModel):
    """A mail as one agency reads it."""

    agency: str
    subject: str
    text: str


class ScreenOut(BaseModel):
    """The alert on a phone: 90 characters on older ones, 360 on the others."""

    lang: str
    wea90: str
    wea360: str


class SpokenOut(BaseModel):
    """What an EAS box sends and says; `silent` is why it says nothing."""

    lang: str
    header: str
    text: str
    is_cut: bool
    silent: str


class AreaOut(BaseModel):
    """The polygons, `lat,lon` rings, over these whole counties and these communities by their own shapes, and the land
    of other states within them in km2 by state."""

    polygons: list[str]
    counties: list[str]
    communities: list[str]
    without_outline: list[str]
    spill_km2: dict[str, float]
    spill_share: float
    spill: str


class PreviewOut(BaseModel):
    """What every channel carries, made by the code that sends. Texts, calls and mails: the first 20, all with
    `full`.

    `text_first` are the texts of people who cannot make voice calls, which they get instead of `sms`.
    """

    sms: list[TextOut]
    sms_count: int
    text_first: list[TextOut]
    text_first_count: int
    calls: list[CallOut]
    mails: list[MailOut]
    mail_count: int
    cap: str
    page: dict[str, Any]
    wea: list[ScreenOut]
    eas: list[SpokenOut]
    area: AreaOut
    reach: dict[str, float]
    unanswered: list[str]
    stale_numbers: list[str]
    missing_languages: list[str]


class AlertOut(BaseModel):
    """An alert and its newest revision. `problems` is what still stops it; then there is no preview."""

    id: str
    kind: str
    state: str
    revision: int
    revision_kind: str
    frozen: bool
    hash: str | None
    releases: dict[str, str]
    content: dict[str, Any]
    problems: list[ProblemOut]
    findings: list[FindingOut]
    previews: PreviewOut | None


class LineOut(BaseModel):
    """An alert in the list."""

    id: str
    kind: str
    state: str
    known_since: AwareDatetime


class ListOut(BaseModel):
    """The alerts, newest first."""

    alerts: list[LineOut]


class StateOut(BaseModel):
    """State, clocks, and for each channel and community the counts, whose sum with `not_yet_reached` is planned."""

    id: str
    kind: str
    state: str
    as_of: AwareDatetime
    revisions: list[dict[str, Any]]
    clocks: dict[str, Any]
    channels: list[dict[str, Any]]
    agencies: list[dict[str, Any]]
    ipaws: dict[str, Any]
