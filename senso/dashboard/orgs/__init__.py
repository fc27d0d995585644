"""What the pages of an organisation show, gathered from the reads.

links       addresses of its pages
chosen      which batch, and which slice of its answers, an address is about
overview    the page of the organisation
leaders     who else is named: shares, ranks, and what has changed
place_maps  the map of models and places
words       numbers in words
"""
