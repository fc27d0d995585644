"""Gemini's part of the sandbox."""
