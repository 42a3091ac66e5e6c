"""Who answers 911 where, which numbers reach them when it fails, and which agencies must hear of it.

Plain values: no clock, no files, no database. The ladder of answers never names a restricted number and never
ends in nothing; a number is useless without its community (Rave's lesson of 2017), so answers carry both.
"""

from broadcaster.directory.entries import (
    WALK_IN,
    Agency,
    AgencyRole,
    Answer,
    BrokenDirectory,
    Community,
    CommunityKind,
    Contact,
    ContactChannel,
    County,
    Psap,
    UnknownCommunity,
)
from broadcaster.directory.whole import Directory

__all__ = [
    "WALK_IN",
    "Agency",
    "AgencyRole",
    "Answer",
    "BrokenDirectory",
    "Community",
    "CommunityKind",
    "Contact",
    "ContactChannel",
    "County",
    "Directory",
    "Psap",
    "UnknownCommunity",
]
