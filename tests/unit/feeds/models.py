"""Any CAP 1.2 message at all, for properties over the whole model."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from broadcaster.feeds import capvalues as values

CARRIED = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff")
"""Characters that XML 1.0 can carry."""
TEXT = st.text(CARRIED, max_size=30)
WORD = st.text(st.characters(categories=["L", "N", "P"], exclude_characters=","), min_size=1, max_size=20)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)) if minutes else UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = st.builds(
    lambda seconds, zone: (EPOCH + timedelta(seconds=seconds)).astimezone(zone),
    st.integers(-62_000_000_000, 253_000_000_000),
    OFFSETS,
)
MAYBE = st.none() | TIMES
TAGS = st.from_regex(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8}){0,2}", fullmatch=True)
URIS = st.just("") | st.from_regex(r"[a-z]{1,8}://[a-z0-9./?=&-]{1,20}", fullmatch=True)
HEIGHTS = st.none() | st.decimals(-2000, 99999, allow_nan=False, places=2)
PAIRS = st.lists(st.builds(values.NameValue, TEXT, TEXT), max_size=3).map(tuple)


def many(strategy, least=0):
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


REFERENCES = st.builds(values.Reference, WORD, WORD, WORD) | st.builds(
    values.Reference, st.just(""), WORD.filter(lambda word: "," not in word), st.just("")
)
RESOURCES = st.builds(values.Resource, TEXT, TEXT, st.none() | st.integers(0, 10**9), URIS, TEXT, TEXT)
AREAS = st.builds(values.AreaBlock, TEXT, many(TEXT), many(TEXT), PAIRS, HEIGHTS, HEIGHTS)
INFOS = st.builds(
    values.Info,
    categories=many(st.sampled_from(values.Category), 1),
    event=TEXT,
    urgency=st.sampled_from(values.Urgency),
    severity=st.sampled_from(values.Severity),
    certainty=st.sampled_from(values.Sureness),
    language=st.just("") | TAGS,
    response_types=many(st.sampled_from(values.ResponseType)),
    audience=TEXT,
    event_codes=PAIRS,
    effective=MAYBE,
    onset=MAYBE,
    expires=MAYBE,
    sender_name=TEXT,
    headline=TEXT,
    description=TEXT,
    instruction=TEXT,
    web=URIS,
    contact=TEXT,
    parameters=PAIRS,
    resources=many(RESOURCES),
    areas=many(AREAS),
)
ALERTS = st.builds(
    values.Alert,
    identifier=TEXT,
    sender=TEXT,
    sent=TIMES,
    status=st.sampled_from(values.Status),
    msg_type=st.sampled_from(values.MsgType),
    scope=st.sampled_from(values.Scope),
    source=TEXT,
    restriction=TEXT,
    addresses=TEXT,
    codes=many(TEXT),
    note=TEXT,
    references=many(REFERENCES),
    incidents=TEXT,
    infos=many(INFOS),
)
