"""Answers read in files at a vendor, within a day and for less: planned, submitted, collected."""
