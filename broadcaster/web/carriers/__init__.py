"""Where carriers call us: a process of its own, in which nothing waits for a page. A receipt is durable before it is
acknowledged.
"""
