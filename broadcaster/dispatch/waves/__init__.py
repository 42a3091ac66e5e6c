"""From a lane to the last row that is over: claim, post, record, ask after, again. No transaction spans a call."""
