"""Twilio's refusals: HTTP status and words by code (twilio.com/docs/api/errors), and their JSON shape."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "{}"),
    20003: (401, "Authenticate"),
    20008: (403, "Resource not accessible with Test Account Credentials"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable. Please try again later"),
    21211: (400, "Invalid 'To' Phone Number: {}"),
    21212: (400, "Invalid From Number (caller ID): {}"),
    21408: (403, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}"),
    21205: (400, "Url is not a valid URL: {}"),
    21220: (400, "Call is not in-progress. Cannot redirect. Its status is {}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided ({}) is not a valid message-capable Twilio number"),
    21609: (400, "The 'StatusCallback' URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "Message cannot be sent with the current combination of 'To' ({}) and 'From' parameters"),
    21614: (400, "'To' number is not a valid mobile number: {}"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21624: (400, "Invalid validity period value: {}. It must be 1 to 36000 seconds."),
    21701: (404, "The Messaging Service {} does not exist"),
    30409: (400, "This message cannot be canceled: its status is {}"),
}

# What a message's error_message says when the network, not the API, refused it.
NETWORK: dict[int, str] = {
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30008: "Unknown error",
    30036: "Validity Period Expired",
}

# Twilio's magic numbers for test credentials, as recipients and as senders.
MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_OK = "+15005550006"
"""The one sender that test credentials may use (twilio.com/docs/iam/test-credentials)."""
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a success; `code` is Twilio's, `status` is HTTP's."""

    code: int
    status: int
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON document that Twilio sends with it."""
        return json.dumps(
            {
                "code": self.code,
                "message": self.message,
                "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
                "status": self.status,
            }
        ).encode()


def refusal(code: int, detail: str = "", headers: dict[str, str] | None = None) -> Refusal:
    """The refusal for one of Twilio's codes; raises KeyError for a code that this simulator does not know."""
    status, words = REFUSALS[code]
    return Refusal(code, status, words.format(detail), headers or {})
