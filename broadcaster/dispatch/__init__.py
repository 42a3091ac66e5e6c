"""The fan-out: from a release to the last row that is over. Knows no Celery and no Flask.

Law: no transaction spans a call to a carrier; nothing proportional to the audience happens before the first text.
"""
