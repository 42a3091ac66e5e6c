"""Documents that other systems and the public read: CAP, signatures, EAS text, feeds, pages.

Law: everything here is a pure function from frozen values to bytes. A document's bytes are made once, in the
releasing transaction, and never again; whoever publishes, posts or serves it copies those bytes.
"""
