"""What the form calls each failure and each way out, with a sentence beside it."""

from __future__ import annotations

from broadcaster.alert.alert import ChannelName, FailureKind
from broadcaster.said import Said

FAILURES = {
    FailureKind.ALL_CALLS: (Said("All calls"), Said("911 is down. People are told to call another number.")),
    FailureKind.INTERMITTENT: (Said("Some calls"), Said("People try 911 first, and call another number if it fails.")),
    FailureKind.ONE_CARRIER: (
        Said("One carrier or service"),
        Said("Its customers use another phone, Wi-Fi calling or a number."),
    ),
    FailureKind.NO_LOCATION: (
        Said("Calls arrive without location"),
        Said("911 works. People say where they are first."),
    ),
    FailureKind.TEXT_TO_911: (Said("Text-to-911"), Said("Calls work. People who text are told what to do instead.")),
}
CHANNELS = {
    ChannelName.SMS: (
        Said("Texts and calls"),
        Said("texts to phones and calls to landlines, to everybody who signed up in the area"),
    ),
    ChannelName.EMAIL: (Said("Agency mail"), Said("to police, fire, hospitals and answering points of the area")),
    ChannelName.FEED: (Said("Public page and CAP feed"), Said("for the web, broadcasters and alert aggregators")),
    ChannelName.IPAWS: (
        Said("IPAWS: radio, television and phones"),
        Said("EAS and WEA, through FEMA or the agency with the seat"),
    ),
}
NOT_SET_UP = {
    "sms": Said("texts are off now: no carrier is set up"),
    "voice": Said("calls are off now: no number to call from is set up"),
}
