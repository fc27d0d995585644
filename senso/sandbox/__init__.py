"""A loopback stand-in for the providers and for the main application.

It answers as strictly as they do and knows the truth about a made-up world, so that the pipeline's findings can be
compared with the truth. It imports nothing from the pipeline: a mistake shared by both would stay hidden.

world       the made-up orgs, their questions, and what is true of each answer
replay      recorded answers instead of the world
reader      reads an answer without knowing the truth
lies        false readings on request
obedience   a reader that does what an answer orders
openai      /openai/v1: responses, chat/completions
brightdata  /brightdata/datasets/v3: trigger, progress, snapshot
application /application/analytics: where results are pushed
control     /_sandbox: faults, timing, lies, and what was called
server      all of it on one port
"""
