"""What several providers' formats share: reading replies item by item, keys that are replaced, OpenAI's formats."""
