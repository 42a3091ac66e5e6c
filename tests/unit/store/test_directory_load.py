"""A directory is replaced whole, and never leaves out people who have signed up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broadcaster.store import directory_load
from broadcaster.store.database import Sessions
from broadcaster.store.directory_load import CommunityDropped
from tests.factories import SEALER, directory


def test_a_file_that_drops_a_community_is_refused_and_changes_nothing(sessions: Sessions) -> None:
    """It once left a community without its PSAP, and nothing could be loaded any more, not even for a release."""
    with sessions.begin() as session:
        directory_load.save(session, directory(6), SEALER)
    with (
        pytest.raises(CommunityDropped, match=r"leaves out .* and 1 more: keep every community"),
        sessions.begin() as s,
    ):
        directory_load.save(s, directory(2), SEALER)
    with sessions() as session:
        assert len(directory_load.load(session, SEALER).communities) == 6


def test_more_communities_and_other_names_are_taken(sessions: Sessions) -> None:
    with sessions.begin() as session:
        directory_load.save(session, directory(2), SEALER)
    more = directory(3)
    renamed = replace(more, communities=tuple(replace(each, name=f"New {each.name}") for each in more.communities))
    with sessions.begin() as session:
        directory_load.save(session, renamed, SEALER)
    with sessions() as session:
        assert {each.name for each in directory_load.load(session).communities} == {
            f"New Town {no}" for no in (1, 2, 3)
        }
