"""OpenAI's part of the sandbox."""
