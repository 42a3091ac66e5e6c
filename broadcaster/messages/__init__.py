"""The words that people read, made from `templates/messages` and from nothing else.

Law: place and first number are never cut; what a person typed is printed literally and never read as a template.
"""
