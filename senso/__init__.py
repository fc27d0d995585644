"""Senso Workflows: what AI assistants say about an organisation, asked, read and counted.

matrix   which questions go to which models in which locations    senso.matrix
ask      each question asked once, its answer stored              senso.providers
extract  each answer read for the org                             senso.extraction
score    readings turned into numbers with intervals              senso.score
charge   one credit row for each answer read                      senso.charge
push     the result handed to the main application                senso.push
"""

__version__ = "0.1.0"
