"""The fan-out: from a release to the last row that is over. Knows no Celery and no Flask.

Law: no transaction spans a call to a carrier; nothing proportional to the audience happens before the first text.

Rooms: `revision` (before anybody is told), `release`, `waves` (until the last row is over), `documents` (what machines
read), `telling` (agencies), `paging` (approvers), `residents` (quiet days), `practice`. `sweep` is the guarantee.
"""
