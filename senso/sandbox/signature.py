"""The stand-in names itself in every reply, as the model that answered.

So what it made up is known as such for as long as the answer is kept, whatever addresses were set before or since.
"""

SIGNATURE = "senso-sandbox/"


def signed(model: str) -> str:
    return SIGNATURE + model
