"""The backend of the lab: a WebSocket echo on /ws that says on its standard output who comes and who goes, and when.

It has no heartbeat of its own: whether a client is still there, uvicorn finds out, or nobody does.

When a pong is overdue, the websockets package under uvicorn sends a close frame and waits for the client to close the
TCP connection, 10 s if it does not, before the application is told. uvicorn has no option for that; CLOSE_TIMEOUT is
the lab's, in seconds, so that nobody has to wait.
"""

import json
import os
import time

from pydantic import BaseModel

# A quarter of FastAPI's import time goes into the models of its OpenAPI pages, which this application does not have:
# leave them unbuilt.
BaseModel.model_config["defer_build"] = True

from fastapi import FastAPI, WebSocket, WebSocketDisconnect  # noqa: E402
from fastapi.responses import JSONResponse  # noqa: E402
from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: E402
from uvicorn.protocols.websockets.websockets_impl import WebSocketProtocol  # noqa: E402

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
present = set()  # whom the server believes in
heartbeat = {}  # what is in force, in milliseconds


def close_sooner(connection_made=WebSocketProtocol.connection_made):
    def patched(self, transport):
        self.close_timeout = float(os.environ.get("CLOSE_TIMEOUT", 10))
        connection_made(self, transport)

    WebSocketProtocol.connection_made = patched


def keep_heartbeat(init=H11Protocol.__init__):
    def patched(self, config, *args, **kwargs):
        for name in ("interval", "timeout"):
            heartbeat[name] = round(1000 * getattr(config, f"ws_ping_{name}"))
        init(self, config, *args, **kwargs)

    H11Protocol.__init__ = patched


close_sooner()
keep_heartbeat()


def say(event, headers, /, **values):
    """One JSON line, out at once: a check may be waiting for it."""
    line = {"event": event, "probe": headers.get("x-lab-probe"), **values, "present": len(present)}
    print(json.dumps(line, separators=(",", ":")), flush=True)


@app.get("/health")
async def health():
    return JSONResponse({"ok": True, "present": len(present)})


@app.get("/heartbeat")
async def in_force():
    return JSONResponse(heartbeat)


@app.websocket("/ws")
async def echo(ws: WebSocket):
    headers, since = dict(ws.headers), time.monotonic()
    await ws.accept()
    present.add(ws)
    say("handshake", headers, path="/ws", accepted=True, status=101, headers=headers)
    try:
        while True:
            await ws.send_text(await ws.receive_text())
    except WebSocketDisconnect as end:
        present.discard(ws)
        say("close", headers, code=end.code, seconds=round(time.monotonic() - since, 3))
    finally:
        present.discard(ws)
