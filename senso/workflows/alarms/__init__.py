"""Alarms: what happened is found in rows, told of in few messages, and sent to Slack.

watching   a thread in every process that looks, and sends what nobody has sent
looking    asks the sources for what happened, and writes the message that is due
grouping   when a message is due: at once, then after windows that grow, then that it is over
wording    what each message says
sending    one message to Slack
"""
