"""Anthropic's part of the sandbox."""
