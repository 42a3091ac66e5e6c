"""Where an alert holds as a drawing for the public page: made once for each revision, because what is frozen stays."""

from __future__ import annotations

from shapely.errors import ShapelyError
from sqlalchemy.orm import Session

from broadcaster import logs
from broadcaster.directory import Directory
from broadcaster.dispatch.office import Office
from broadcaster.dispatch.revision import where
from broadcaster.feeds import area_map
from broadcaster.feeds.picture import AreaMap
from broadcaster.feeds.places import county_title
from broadcaster.store.alerting.alerts import Revision

log = logs.get(__name__)
MOST_KEPT = 16
_kept: dict[tuple[int, str], AreaMap | None] = {}


def of(session: Session, office: Office, directory: Directory, revision: Revision) -> AreaMap | None:
    """The drawing of a frozen revision; None where there is no polygon."""
    key = (revision.id, revision.hash or "")
    if key not in _kept:
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = _drawn(session, office, directory, revision)
    return _kept[key]


def _drawn(session: Session, office: Office, directory: Directory, revision: Revision) -> AreaMap | None:
    """No geometry that fails keeps a page from the public."""
    drawn = where.frozen(session, revision.id)
    try:
        return area_map.drawn(where.known(session, office.state_fips), drawn, names(directory))
    except (ShapelyError, ValueError) as error:
        log.error("map_not_drawn", revision=revision.id, reason=str(error))
        return None


def names(directory: Directory) -> dict[str, str]:
    """``Hampden County`` by FIPS code, and each community by its code."""
    counties = {fips: county_title(name) for fips, name in directory.county_names.items()}
    return counties | {one.code: one.name for one in directory.communities}
