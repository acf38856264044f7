"""Forty clients that are connected to the backend and come back when they were closed, after what reconnect.py says."""

import asyncio
import socket
import time

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from reconnect import delay

CLIENTS = 40
PATIENCE = 2.0  # seconds for one attempt

here = 0


async def client(address):
    global here
    attempt, first = 0, True
    while True:
        try:
            # The header tells the lab when this client knocked, however long the door takes to open.
            async with connect(f"ws://{address}:8000/ws", ping_interval=None, open_timeout=PATIENCE, compression=None,
                               proxy=None, additional_headers={"X-Knock": f"{time.time():.3f}"}) as ws:
                if first:
                    here += 1
                    if here == CLIENTS:
                        print("the crowd is here", flush=True)
                attempt, first = 0, False
                async for _ in ws:
                    pass
        except (OSError, WebSocketException):  # TimeoutError is an OSError
            pass
        await asyncio.sleep(0.2 if first else max(0.01, delay(attempt)))
        attempt += 1


async def main():
    # Looked up once: as long as the backend is away, so is its name.
    address = socket.gethostbyname("backend-b")
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client(address))


asyncio.run(main())
