"""Every statement the product sends to Postgres, each a named function; one file a stage.

A function takes a connection inside a transaction that its caller opened, and returns plain or frozen values.
Text that several statements share, because the promise is the same, stands in `fragments`.
"""
