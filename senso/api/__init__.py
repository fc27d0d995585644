"""The HTTP API of `senso api`: routes for programs under PREFIX, the events of the original's scripts, its health.

application      the routes and what surrounds them
routes           what programs ask for, a file for each kind of thing
access           tokens, their scopes, and how many requests they have
context          what routes need of the process: reads, writes, terms
models           bases and types of what is taken and answered
paging           pages of a list
seen             what a caller may see
shown            what is answered, as models
batch_bodies     what is sent to trigger, cancel or retry a batch
batch_orders     triggers, cancels and retries, and what they would do
days             dates in queries
etags            answers that are not sent again to who has them
idempotency      a write with the same key is done once
openapi          /openapi.json: the document of the routes, with examples (examples)
reference        /docs: the same as a page
events           POST /e/{event_key}: which events there are, and that of several all or none is carried out
event_bodies     the events in a body
event_fields     the members of an event
event_orders     what each event asks for
event_refusals   why events are not accepted
health           GET /health and GET /ready
problems         errors as problem+json
threads          how many requests wait for Postgres at a time, and for how long
sending          what events enqueue is sent without waiting for a Redis that is frozen
observing        request ids, the access log, headers of every response
body_limits      how long a body may be, and how long it may take
connections      how long a client may take to send the rest
server           uvicorn: its settings, its end
"""

PREFIX = "/api/v1"
# Of the route of the original that programs still call.
ORIGINAL = "/api/org"
# Where `senso.mcp` answers.
MCP = "/mcp"
