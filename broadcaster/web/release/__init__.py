"""The second and third screen: exactly what will go out, and submit, approve, return, hold, one person alone.

A view checks who asks, calls, redirects; who may do what is decided in `broadcaster.alert` and `broadcaster.dispatch`.
"""
