"""What a program may not put into an alert, whatever it calls it."""

from __future__ import annotations

import pytest

from broadcaster.web.api import content as api_content
from broadcaster.web.api.models import ChangeIn
from broadcaster.web.api.problem import Refused
from tests.desk import NOON, RESTRICTED, directory


@pytest.mark.parametrize("visibility", ["public", "restricted"])
def test_a_number_that_the_directory_restricts_is_no_override(visibility: str) -> None:
    sent = {"area": {"communities": ["ayer"]}, "overrides": {"ayer": {"number": RESTRICTED, "visibility": visibility}}}
    with pytest.raises(Refused) as refused:
        api_content.changed(api_content.blank(NOON), ChangeIn.model_validate(sent), directory(), NOON)
    assert [problem.field for problem in refused.value.problems] == ["overrides.ayer"]


def test_a_smaller_area_keeps_only_its_own_restored_towns() -> None:
    base = api_content.changed(
        api_content.blank(NOON),
        ChangeIn.model_validate({"area": {"statewide": True}, "restored": ["ayer", "salem"]}),
        directory(),
        NOON,
    )
    narrow = ChangeIn.model_validate({"area": {"communities": ["ayer", "groton"]}})
    assert api_content.changed(base, narrow, directory(), NOON).restored == ("ayer",)
