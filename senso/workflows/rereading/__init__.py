"""Stored answers are read again: nothing is asked, and nobody is charged.

opening    finds or opens an order and writes its rows; one process at a time works on it
reading    claims, calls and saves, as for a first reading
applying   makes what was read the current readings of each batch, with its numbers and a push
comparing  what is different from the readings before
"""
