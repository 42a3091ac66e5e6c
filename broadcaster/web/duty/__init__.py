"""Who is on call and in charge, and how each of them practises."""
