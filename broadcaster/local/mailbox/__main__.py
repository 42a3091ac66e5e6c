"""`python -m broadcaster.local.mailbox`."""

from broadcaster.local.mailbox.server import main

main()
