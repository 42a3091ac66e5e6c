"""A number that people can dial instead of 911."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import phonenumbers
from phonenumbers import PhoneNumberType as Kind

from broadcaster.said import Said

SHORT_SERVICES = frozenset({"911", "112", "999", "933", "988", "211", "311"})
NORTH_AMERICAN = re.compile(r"\+1[2-9](?!11)\d\d[2-9]\d{6}")
"""Ten digits; no area code ends in 11, for a phone that is given 911-555-0123 dials 911."""
WITHIN = re.compile(r"\+1\d{3}911\d{4}|\+911\d+")
"""Where people dial seven digits, 978-911-0123 is dialled as 911; and so is what begins with it, abroad."""
STALE_AFTER_DAYS = 365
"""47 CFR 4.9(h)(1) asks for a yearly confirmation of contact information."""


class PhoneRefused(ValueError):
    """A number that cannot be published; the message is a sentence for the officer."""


class Visibility(StrEnum):
    """Who may see a number. A restricted one is in no public output, ever."""

    PUBLIC = "public"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class AlternateNumber:
    """A ten-digit line answered by people who can send help, and when somebody last verified that."""

    e164: str
    label: str = ""
    visibility: Visibility = Visibility.PUBLIC
    verified_on: date | None = None
    sms: bool = False

    @property
    def display(self) -> str:
        """``617-555-0123``, the form that people read."""
        return display(self.e164)

    def is_stale(self, today: date) -> bool:
        """Whether nobody verified this number within the last year."""
        return is_stale(self.verified_on, today)


def is_stale(verified_on: date | None, today: date) -> bool:
    """Whether what was last verified on that day, or never, was not verified within the last year."""
    return verified_on is None or (today - verified_on).days > STALE_AFTER_DAYS


def display(e164: str) -> str:
    """The national form of a number; plain ASCII, so that it fits GSM-7: ``617-555-0123``."""
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", e164)
    return "-".join(match.groups()) if match else e164


def parse(text: str, region: str = "US") -> str:
    """The E.164 form of what somebody typed; PhoneRefused for 911, service codes and impossible numbers."""
    digits, typed = re.sub(r"\D", "", text), text.strip()
    if digits.removeprefix("1") in SHORT_SERVICES or digits in SHORT_SERVICES:
        raise PhoneRefused(
            Said("%(typed)s cannot be an alternative to 911: give the ten-digit line that is answered.", typed=typed)
        )
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise PhoneRefused(
            Said("“%(typed)s” is not a phone number: type ten digits, like 617-555-0123.", typed=typed)
        ) from error
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise PhoneRefused(
            Said("“%(typed)s” cannot be dialled: type ten digits with the area code, no extension.", typed=typed)
        )
    e164 = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if WITHIN.fullmatch(e164):
        raise PhoneRefused(
            Said("%(typed)s cannot be an alternative to 911: give the ten-digit line that is answered.", typed=typed)
        )
    if e164.startswith("+1") and not NORTH_AMERICAN.fullmatch(e164):
        raise PhoneRefused(
            Said("“%(typed)s” is no number of the North American plan: check the area code.", typed=typed)
        )
    return e164


COUNTRIES = frozenset({"US", "CA", "PR", "VI", "GU", "AS", "MP"})
"""Whose people may sign up: no island of +1 whose calls and texts are billed at rates of its own."""
PERSONAL = frozenset({Kind.FIXED_LINE, Kind.MOBILE, Kind.FIXED_LINE_OR_MOBILE, Kind.VOIP})
"""No premium, toll-free, shared-cost or follow-me (5xx) line, pager or voicemail: it costs money and reaches nobody."""


def parse_personal(text: str) -> str:
    """The E.164 form of a number that a person of the country may sign up; PhoneRefused for every other one."""
    e164 = parse(text)
    if not is_personal(e164):
        raise PhoneRefused(Said("This is no phone number in the United States or Canada that we can reach."))
    return e164


def is_personal(e164: str) -> bool:
    """Whether we send anything but alerts to this number: valid, of our countries, and a person's."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return False
    known = phonenumbers.is_valid_number(number) and phonenumbers.region_code_for_number(number) in COUNTRIES
    return known and phonenumbers.number_type(number) in PERSONAL
