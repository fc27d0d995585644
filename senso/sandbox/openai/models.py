"""The models that the sandbox's OpenAI has: their dated snapshots, and the efforts that each family accepts.

Without the families that were shut down on 23 July and 23 October 2026. Sources: developers.openai.com/api/docs
(deprecations, reasoning), litellm 1.110.2.
"""

from typing import Final

# Alias -> the dated snapshot that answers.
MODELS: Final = {
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
    "gpt-5.1": "gpt-5.1-2025-11-13",
    "gpt-5.2": "gpt-5.2-2025-12-11",
    "gpt-5.4": "gpt-5.4-2026-03-05",
    "gpt-5.4-mini": "gpt-5.4-mini-2026-03-17",
    "gpt-5.5": "gpt-5.5-2026-04-23",
    "gpt-5.6-luna": "gpt-5.6-luna-2026-06-18",
    "gpt-5.6-terra": "gpt-5.6-terra-2026-06-18",
    "gpt-5.6-sol": "gpt-5.6-sol-2026-06-18",
    "gpt-6-luna": "gpt-6-luna-2026-09-22",
    "gpt-6-sol": "gpt-6-sol-2026-09-03",
    "gpt-6-astra": "gpt-6-astra-2026-09-03",
    "gpt-6.1-sol": "gpt-6.1-sol-2026-11-04",
    "gpt-6.1-terra": "gpt-6.1-terra-2026-11-04",
}
SNAPSHOTS: Final = MODELS | {dated: dated for dated in MODELS.values()}
# The last day on which a model is offered, as the list of models says it.
SHUTDOWNS = dict.fromkeys(("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini"), "2027-01-14")
SHUTDOWNS |= dict.fromkeys(("gpt-5", "gpt-5-mini", "gpt-5-nano"), "2026-12-11") | {"gpt-5.1": "2027-04-01"}
WITHOUT_SEARCH: Final = ("gpt-4.1-nano",)
UP_TO_HIGH: Final = ("low", "medium", "high")
UP_TO_MAX: Final = (*UP_TO_HIGH, "xhigh", "max")
# By the beginning of a model's name, the longer ones first.
EFFORTS: Final = {
    "gpt-6-astra": UP_TO_MAX,
    "gpt-6.1-sol": UP_TO_MAX,
    "gpt-6": ("none", *UP_TO_MAX),
    "gpt-5.6": ("none", *UP_TO_MAX),
    "gpt-5.1": ("none", *UP_TO_HIGH),
    "gpt-5.": ("none", *UP_TO_HIGH, "xhigh"),
    "gpt-5": ("minimal", *UP_TO_HIGH),
}


def efforts(model: str) -> tuple[str, ...]:
    """Empty for a model that does not reason."""
    return next((found for name, found in EFFORTS.items() if model.startswith(name)), ())
