"""The directory: who answers 911 where, on which numbers, how we know it, and its shapes on the map."""
