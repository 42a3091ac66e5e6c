"""Who answers where, at the desk: looked up, imported with the difference shown before, and kept fresh."""
