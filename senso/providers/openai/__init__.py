"""OpenAI: answers and structured output at once, and files of prompts within a day."""

from senso.providers.openai.batches import OpenAIBatches
from senso.providers.openai.direct import OpenAI

__all__ = ["OpenAI", "OpenAIBatches"]
