"""Who may ask for what: tokens, their scopes, and how many requests they have.

caller   whose request it is
guard    asks for a token before anything else of a request is read
logins   holds up an address from which wrong tokens come
needs    the scope that a route asks for
streams  how many streams a token has open
"""

from senso.api.access.caller import Caller
from senso.api.access.needs import needs
from senso.states import Scope

__all__ = ["Caller", "Scope", "needs"]
