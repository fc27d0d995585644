"""Live progress as server-sent events (SSE), replayed from the rows of `events`.

wire       an event as it is sent
listening  one listener: what waits to be sent to it, bounded
hub        all listeners of this process
following  a thread that writes events when it is its turn, reads new ones once for all listeners, and ends streams
           whose token or session is no longer valid
streaming  a stream: what it missed, then what happens
"""

from senso.api.live.following import Following
from senso.api.live.hub import Hub

__all__ = ["Following", "Hub"]
