"""What statements of the hot path say for the planner alone, and why.

A plan is made once a connection and kept, often while a table is small or all of it is done, and Postgres takes the
indexes of open rows to be as empty as they are between two nights. Without these words it would read a table, or all
open rows, from end to end for each claim. Beside them goes `enable_seqscan = off` (senso.db); connections that only
look plan as Postgres likes.

What is joined by its key to rows of the same statement is also looked up by a list of these keys, as in
`WHERE b.id = ANY(ARRAY(SELECT batch_id FROM ended)) AND b.id = e.batch_id`.
"""


def looked_up(state: str) -> str:
    """The state of a row that is looked up by its key: no index of open rows fits this."""
    return f"({state} || '')"
