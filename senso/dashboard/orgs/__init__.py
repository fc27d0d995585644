"""What the pages of an organisation show, gathered from the reads.

links        addresses of its pages
chosen       which batch, and which slice of its answers, an address is about
heads        who it is
overview     its page: what is stored, and of few answers all of it
answers      what is read from the answers themselves
differences  what has changed
leaders      who else is named: shares, ranks, and what has changed
place_maps   the map of models and places
listing      a page of rows that are all read
words        numbers in words
"""
