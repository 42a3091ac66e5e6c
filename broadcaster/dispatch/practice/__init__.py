"""What is no emergency and goes the same way: drills, the training desk's records, the canary."""
