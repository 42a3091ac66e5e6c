"""The alert on air: who was reached by which way, who was not, what is due next. It only looks."""
