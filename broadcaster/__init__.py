"""Broadcaster: when 911 fails, tell everyone, over every channel at once, which number to call instead.

Read the packages in the order of an alert's life:
alert -> directory -> audience -> messages -> feeds -> channels -> store -> dispatch -> receipts -> web -> window.
"""

__version__ = "0.1.0"
