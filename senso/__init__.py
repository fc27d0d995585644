"""Senso Workflows: what AI assistants say about an organisation, asked, read and counted.

open      credits held, the matrix of questions, models, locations frozen    senso.workflows.opening
ask       each question asked once, its answer stored                        senso.workflows.asking
extract   each answer read for the org                                       senso.workflows.extracting
score     readings turned into numbers with intervals                        senso.score
charge    one ledger row for each answer read                                senso.queries.ledger
push      the result handed to the main application                          senso.workflows.delivery
"""

__version__ = "0.1.0"
