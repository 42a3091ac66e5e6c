"""`python -m broadcaster.local.ipaws`."""

from broadcaster.local.ipaws.server import main

main()
