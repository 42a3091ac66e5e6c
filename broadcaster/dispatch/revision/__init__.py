"""A revision before anybody is told: rendered, previewed, judged, frozen; and who may be its second person."""
