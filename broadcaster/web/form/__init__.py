"""The first screen: what fails, where, since when, and which numbers. What is typed is kept as it is typed."""
