"""A loopback stand-in for the providers and for the main application.

It answers as strictly as they do and knows the truth about a made-up world, so what the pipeline finds can be
compared with what is there. It imports nothing of the pipeline: a mistake shared by both would stay hidden.

world       the made-up orgs, their questions, and what is true of each answer
replay      recorded answers in place of the world
reader      reads an answer without knowing the truth; lies on request
openai      /openai/v1: responses, chat/completions
brightdata  /brightdata/datasets/v3: trigger, progress, snapshot
application /application/analytics: where results are pushed
control     /_sandbox: faults, timing, lies, and what was called
server      all of it on one port
"""
