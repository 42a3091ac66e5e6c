"""A provider's notice (47 CFR 4.9(h)): ten fields that may all be missing, two clocks, by form, mail file and API.

It is kept word by word as a version of its ticket and fills a form; it is never an alert by itself. What NORS holds
confidential reaches no public text.
"""
