"""The tests mirror the product; `unit` is one piece, `flow` is a story through many, the rest says its name.

All of it has ten minutes of two processors. What costs, in seconds of one: a command of ours as a process 1 to 2, a
look of axe 1, a `Desk` 0.15, a person who signs in 0.05, a database of a test's own 0.03, a case of a table 0.003. So
one story checks many things, a command's words are asked by click's runner, and a browser comes where it is the point;
`house/test_speed.py` counts. `python -m pytest --durations=25 tests/flow/test_x.py` says what a new test takes.
"""
