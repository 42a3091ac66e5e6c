"""Who is told what, as tables: a cursor moves, a row is the claim, the attempt number is the only fence."""
