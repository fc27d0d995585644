"""Webhooks: addresses that are told when batches end (Standard Webhooks, standardwebhooks.com).

announcing  what is sent, enqueued by the transaction that ends a batch
delivering  one event is sent to one address, or tried again later
managing    webhooks are made, tried and deleted
signing     the signature by which a receiver knows who has sent it
"""
