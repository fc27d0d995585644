"""SQL that the hot path contains only for the query planner, and why.

A plan is made once per connection and kept, often while a table is small or has no open rows. Postgres then assumes
that the partial indexes of open rows stay as empty as they are between two nights. Without this SQL each claim would
scan a whole table, or all open rows. `enable_seqscan = off` (senso.db) supports it; read-only connections use default
planning.

A table that is joined by key to rows of the same statement is also filtered by the list of these keys, as in
`WHERE b.id = ANY(ARRAY(SELECT batch_id FROM ended)) AND b.id = e.batch_id`.
"""


def looked_up(state: str) -> str:
    """The state of a row that is looked up by key, as an expression that no partial index of open rows matches."""
    return f"({state} || '')"
