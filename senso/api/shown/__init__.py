"""What the API answers, as models: the same names as in `senso ... --json`."""
