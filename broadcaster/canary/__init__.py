"""The canary: every few minutes a test goes the whole way of an alert, and somebody is paged when it does not arrive.

Law: it stands outside. It asks the web server as any program does, with accounts that can do nothing else, and pages by
ways of its own: no worker, no queue and no database has to work for the page that says that they do not.
"""
