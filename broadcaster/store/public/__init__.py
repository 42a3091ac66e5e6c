"""Residents: who signed up for where, what they agreed to, what they text us. Every number is sealed."""
