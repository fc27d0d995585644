"""Marks every reply of the sandbox: the model's name gets a prefix.

So made-up answers can be recognised for as long as they are kept, whatever base URLs were set before or since.
"""

SIGNATURE = "senso-sandbox/"


def signed(model: str) -> str:
    return SIGNATURE + model
