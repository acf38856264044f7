"""The backend of the lab: a chat that keeps who is there in the memory of its process.

A message on /ws goes to everybody on /ws, a message on /rooms/NAME to everybody in that room, its sender included,
and one that begins with "everyone:" to all rooms: to everybody whom this process knows. Each line on the standard output says which process that was.
"""

import asyncio
import json
import os
import sys
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel

# A quarter of FastAPI's import time goes into the models of its OpenAPI pages, which this application does not have:
# leave them unbuilt.
BaseModel.model_config["defer_build"] = True

from fastapi import FastAPI, WebSocket, WebSocketDisconnect  # noqa: E402
from fastapi.responses import JSONResponse  # noqa: E402
from uvicorn.main import main as uvicorn  # noqa: E402

SERVING = Path("/tmp")

members = defaultdict(set)  # room → its connections. This is the state that the lesson is about.


def serves():
    (SERVING / f"serving-{os.getpid()}").touch()
    say("serving", {})


@asynccontextmanager
async def lifespan(_):
    # uvicorn listens right after this: a moment later, this process serves.
    asyncio.get_running_loop().call_later(0.05, serves)
    yield


app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)


def wanted():
    """How many processes are to serve, as uvicorn reads its options. Each worker has those of its supervisor."""
    options = uvicorn.make_context("uvicorn", sys.argv[1:]).params
    return 1 if options["reload"] else options["workers"] or int(os.environ.get("WEB_CONCURRENCY", 1))


def serving():
    """How many processes serve: children of this one's supervisor, or only this one where there is no supervisor."""
    found = 0
    for file in SERVING.glob("serving-*"):
        try:
            parent = int(Path(f"/proc/{file.name.partition('-')[2]}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
        found += parent == os.getppid()
    return found


def say(event, headers, /, **values):
    """One JSON line, out at once: a check may be waiting for it."""
    line = {"event": event, "probe": headers.get("x-lab-probe"), **values, "process": os.getpid()}
    print(json.dumps(line, separators=(",", ":")), flush=True)


@app.get("/health")
async def health():
    """Answers once all workers serve, also those that their supervisor has yet to start: else the first one would get
    everybody. Says how many there are."""
    while serving() < wanted():
        await asyncio.sleep(0.02)
    return JSONResponse({"ok": True, "workers": serving()})


@app.websocket("/ws")
async def hall(ws: WebSocket):
    await chat(ws, "")


@app.websocket("/rooms/{room}")
async def one_room(ws: WebSocket, room: str):
    await chat(ws, room)


async def chat(ws, room):
    headers, since = dict(ws.headers), time.monotonic()
    await ws.accept()
    members[room].add(ws)
    say("handshake", headers, path=ws.url.path, accepted=True, status=101, headers=headers)
    try:
        while True:
            text = await ws.receive_text()
            rooms = list(members.values()) if text.startswith("everyone:") else [members[room]]
            for member in [m for r in rooms for m in r]:
                await member.send_text(text)
    except WebSocketDisconnect as end:
        say("close", headers, code=end.code, seconds=round(time.monotonic() - since, 3))
    finally:
        members[room].discard(ws)
