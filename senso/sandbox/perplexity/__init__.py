"""Perplexity's part of the sandbox."""
