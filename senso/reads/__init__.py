"""Read models for people and programs: typed rows that commands and reports share."""
