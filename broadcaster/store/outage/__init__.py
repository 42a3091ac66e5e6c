"""What is known of an outage: its record, the callers whom 911 did not connect, the counts, the report."""
