"""One of the lab's backends: a WebSocket echo on /ws that says on its standard output who came and how they left."""

import json
import time

from pydantic import BaseModel

# A quarter of FastAPI's import time goes into the models of its OpenAPI pages, which this application does not have:
# leave them unbuilt.
BaseModel.model_config["defer_build"] = True

from fastapi import FastAPI, WebSocket, WebSocketDisconnect  # noqa: E402
from fastapi.responses import JSONResponse  # noqa: E402

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


def say(event, headers, /, **values):
    """One JSON line, out at once: a check may be waiting for it."""
    line = {"event": event, "probe": headers.get("x-lab-probe"), **values}
    print(json.dumps(line, separators=(",", ":")), flush=True)


@app.get("/health")
async def health():
    return JSONResponse({"ok": True})


@app.websocket("/ws")
async def echo(ws: WebSocket):
    headers = dict(ws.headers)
    since = time.monotonic()
    await ws.accept()
    say("handshake", headers, path="/ws", accepted=True, status=101, headers=headers)
    try:
        while True:
            await ws.send_text(await ws.receive_text())
    except WebSocketDisconnect as end:
        say("close", headers, code=end.code, seconds=round(time.monotonic() - since, 3))
