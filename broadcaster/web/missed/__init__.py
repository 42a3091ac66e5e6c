"""Callers whom 911 did not connect: their logs, the worklists of answering points, and calling back."""
