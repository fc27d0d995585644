"""Intervals of numbers, and whether a number has changed. Pure: no database, no files, no random draws.

Two intervals say two things. `these`: what the same questions would give if they were asked again. `like`: what
questions like these would give, so whole questions are the sampling unit: answers to one question resemble each other,
and sixty answers to ten questions say less than sixty to sixty. docs/numbers.md has the measured coverage of both.
"""
