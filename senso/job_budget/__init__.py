"""How often a vendor of jobs has told us to wait, over all processes, and whether a request to it may go out.

scripts   the count in Redis, which all processes share
counting  calls them
rows      the same count from rows: where Redis is away, and after it was emptied
gate      what each request goes through
"""
