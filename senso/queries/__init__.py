"""The statements that change or claim rows, each a named function; one file per stage or aggregate.

A function takes a connection inside a transaction that its caller opened, and returns plain or frozen values.
SQL that several statements share, because it keeps the same promise, is in `fragments`.
"""
