"""Around the alert: the record of an outage from the first word to its end, what people and machines outside say of it,
the report afterwards, and the binder for when our own house is down.

`record`, `trouble`, `one_record` and `two_records` stand here; `notice`, `detector`, `missed_calls`, `report` and
`binder` are rooms of their own.

Law: nothing here tells the public anything, and no alert waits for it. What comes from outside is a word until a person
of the desk has judged it; every line of a record is an event of the ledger in the transaction of its change.
"""
