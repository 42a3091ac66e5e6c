"""The triggers that keep `tally` equal to GROUP BY delivery, whatever code moved a row."""

from __future__ import annotations

FUNCTION = """
CREATE FUNCTION tally_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO tally (fanout_id, community_id, what, delta)
      SELECT fanout_id, community_id, state, count(*) FROM after_rows GROUP BY 1, 2, 3;
  ELSE
    INSERT INTO tally (fanout_id, community_id, what, delta)
      SELECT fanout_id, community_id, what, sum(delta) FROM (
        SELECT fanout_id, community_id, state AS what, 1 AS delta FROM after_rows
        UNION ALL SELECT fanout_id, community_id, state, -1 FROM before_rows
        UNION ALL SELECT fanout_id, community_id, 'handset:' || handset, 1 FROM after_rows WHERE handset <> 'none'
        UNION ALL SELECT fanout_id, community_id, 'handset:' || handset, -1 FROM before_rows WHERE handset <> 'none'
      ) AS moves GROUP BY 1, 2, 3 HAVING sum(delta) <> 0;
  END IF;
  RETURN NULL;
END $$
"""
ON_INSERT = (
    "CREATE TRIGGER tally_insert AFTER INSERT ON delivery REFERENCING NEW TABLE AS after_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION tally_deliveries()"
)
ON_UPDATE = (
    "CREATE TRIGGER tally_update AFTER UPDATE ON delivery REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION tally_deliveries()"
)
WITH_REASONS = """
CREATE OR REPLACE FUNCTION tally_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO tally (fanout_id, community_id, what, delta)
      SELECT fanout_id, community_id, what, count(*) FROM (
        SELECT fanout_id, community_id, state AS what FROM after_rows
        UNION ALL SELECT fanout_id, community_id, 'rejected:' || reason FROM after_rows WHERE state = 'rejected'
      ) AS rows GROUP BY 1, 2, 3;
  ELSE
    INSERT INTO tally (fanout_id, community_id, what, delta)
      SELECT fanout_id, community_id, what, sum(delta) FROM (
        SELECT fanout_id, community_id, state AS what, 1 AS delta FROM after_rows
        UNION ALL SELECT fanout_id, community_id, state, -1 FROM before_rows
        UNION ALL SELECT fanout_id, community_id, 'handset:' || handset, 1 FROM after_rows WHERE handset <> 'none'
        UNION ALL SELECT fanout_id, community_id, 'handset:' || handset, -1 FROM before_rows WHERE handset <> 'none'
        UNION ALL SELECT fanout_id, community_id, 'rejected:' || reason, 1 FROM after_rows WHERE state = 'rejected'
        UNION ALL SELECT fanout_id, community_id, 'rejected:' || reason, -1 FROM before_rows WHERE state = 'rejected'
      ) AS moves GROUP BY 1, 2, 3 HAVING sum(delta) <> 0;
  END IF;
  RETURN NULL;
END $$
"""
"""Since 0002: why a carrier refused is counted beside the states, so that the board scans no rows."""
WITHOUT_REASONS = FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
UP = (FUNCTION, ON_INSERT, ON_UPDATE)
DOWN = (
    "DROP TRIGGER tally_update ON delivery",
    "DROP TRIGGER tally_insert ON delivery",
    "DROP FUNCTION tally_deliveries()",
)
