"""One of the lab's two backends: a room on /ws. What a client says goes to Hub.say in hub.py, and whom Hub.deliver
hands a message to hears it.

The process says on its standard output who came, who left, and who was sent the same thing twice.
"""

import asyncio
import contextlib
import json
import os
import sys
import time

from pydantic import BaseModel

# A quarter of FastAPI's import time goes into the models of its OpenAPI pages, which this application does not have:
# leave them unbuilt.
BaseModel.model_config["defer_build"] = True

from fastapi import FastAPI, WebSocket, WebSocketDisconnect  # noqa: E402
from fastapi.responses import JSONResponse  # noqa: E402

from hub import Hub  # noqa: E402

BORN = time.time_ns()
QUEUE = 256  # messages that may wait for one client

hub = None


@contextlib.asynccontextmanager
async def lifespan(app):
    global hub
    hub = Hub()
    await hub.start()
    yield


app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)


def say(event, headers, /, **values):
    """One JSON line, out at once: a check may be waiting for it."""
    line = {"event": event, "probe": headers.get("x-lab-probe"), **values}
    print(json.dumps(line, separators=(",", ":")), flush=True)


class Client:
    """A client as the hub sees it."""

    def __init__(self, ws):
        self.ws, self.headers, self.last = ws, dict(ws.headers), None
        self.queue = asyncio.Queue(QUEUE)

    def send(self, text):
        """Queues text for this client: one that takes nothing holds up nobody else, and in the end loses messages."""
        if text == self.last:
            say("twice", self.headers, text=text[:80])
        self.last = text
        if not self.queue.full():
            self.queue.put_nowait(text)

    async def write(self):
        with contextlib.suppress(Exception):  # it has gone, as receive says, too
            while True:
                await self.ws.send_text(await self.queue.get())


@app.get("/health")
async def health():
    return JSONResponse({"ok": True, "born": BORN})


@app.post("/restart")
async def restart():
    """For restart.py: the same process begins anew, with the files that are there now."""
    asyncio.get_running_loop().call_later(0.02, os.execv, sys.executable, sys.orig_argv)
    return JSONResponse({"born": BORN})


@app.websocket("/ws")
async def room(ws: WebSocket):
    since = time.monotonic()
    await ws.accept()
    client = Client(ws)
    say("handshake", client.headers, path="/ws", accepted=True, status=101, headers=client.headers)
    writing = asyncio.create_task(client.write())
    hub.clients.add(client)
    try:
        while True:
            await hub.say(await ws.receive_text())
    except WebSocketDisconnect as end:
        say("close", client.headers, code=end.code, seconds=round(time.monotonic() - since, 3))
    finally:
        hub.clients.discard(client)
        writing.cancel()
