"""How a message finds its way to everybody who is connected.

app.py makes one Hub in each backend process. Save this file, and both backends take it over.
"""

import asyncio

import redis.asyncio as redis

CHANNEL = "room"


class Hub:
    def __init__(self):
        self.clients = set()  # app.py puts in who connects to this process, and takes out who leaves
        self.redis = redis.Redis(host="redis", decode_responses=True)  # connects when it is first used

    async def start(self):
        """app.py waits for this once, before the first client."""

    async def say(self, text):
        """A client of this process has said text."""
        self.deliver(text)

    def deliver(self, text):
        """Hands text to every client of this process."""
        for client in self.clients:
            client.send(text)  # puts it into the client's queue: a slow one holds up nobody else
