"""Linkup's part of the sandbox."""
