"""The API of `interface.md`: one table of calls, checked by the models that the OpenAPI document is made from.

A call has the rights of the person behind the token, and does what the desk's button does: nothing is decided here.
"""
