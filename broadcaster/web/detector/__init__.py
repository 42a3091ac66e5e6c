"""What the detector proposes and hears, at the desk. It never alerts: a person does."""
