"""Calls to addresses that users or operators give, which must not reach what only this machine or its network may.

addresses   which IP addresses may be reached, and which hosts are refused by how they are written
connections checks each address that a name stands for, and the one that is connected to
calls       POST to a webhook; the reply's body is not read
"""
