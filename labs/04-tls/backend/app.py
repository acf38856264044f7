"""The backend of the lab: a WebSocket echo on /ws that says on its standard output what it received, and /ws/scheme,
which says by which scheme the application believes to have been asked.

uvicorn takes the scheme from X-Forwarded-Proto if it trusts the address that the request comes from
(FORWARDED_ALLOW_IPS), else from the connection, which ends here and is never TLS.
"""

import json
import time

from pydantic import BaseModel

# A quarter of FastAPI's import time goes into the models of its OpenAPI pages, which this application does not have:
# leave them unbuilt.
BaseModel.model_config["defer_build"] = True

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect  # noqa: E402
from fastapi.responses import JSONResponse  # noqa: E402
from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: E402

SHOWN = ("upgrade", "connection", "sec-websocket-key", "sec-websocket-version")
VERSION = "x-lab-http-version"

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


def keep_version(upgrade=H11Protocol.handle_websocket_upgrade):
    """uvicorn replays an upgrade to its WebSocket part as HTTP/1.1, whatever came in: hand the truth along."""

    def handle_websocket_upgrade(self, event):
        self.headers = [h for h in self.headers if h[0] != VERSION.encode()]
        self.headers.append((VERSION.encode(), event.http_version))
        upgrade(self, event)

    H11Protocol.handle_websocket_upgrade = handle_websocket_upgrade


keep_version()


def say(event, headers, /, **values):
    """One JSON line, out at once: a check may be waiting for it."""
    line = {"event": event, "probe": headers.get("x-lab-probe"), **values}
    print(json.dumps(line, separators=(",", ":")), flush=True)


def received(connection):
    """All headers, lower-case, those that came twice joined as RFC 9110, section 5.3, has it."""
    headers = {}
    for name, value in connection.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers, headers.pop(VERSION, connection.scope.get("http_version"))


@app.get("/health")
async def health():
    return JSONResponse({"ok": True})


@app.get("/ws")
async def not_a_handshake(request: Request):
    headers, version = received(request)
    say("handshake", headers, path="/ws", accepted=False, status=400, http_version=version, headers=headers)
    return JSONResponse(
        {
            "error": "not a WebSocket handshake: it needs Upgrade: websocket and Connection: Upgrade",
            "received": {**{name: headers.get(name) for name in SHOWN}, "http_version": version},
        },
        status_code=400,
    )


@app.get("/ws/scheme")
async def scheme_of_request(request: Request):
    return JSONResponse({"scheme": request.url.scheme})


@app.websocket("/ws/scheme")
async def scheme_of_handshake(ws: WebSocket):
    await answer(ws, lambda _: ws.url.scheme)


@app.websocket("/ws")
async def echo(ws: WebSocket):
    await answer(ws, lambda text: text)


async def answer(ws, reply):
    """Answers each message; says when the connection begins and how it ends."""
    headers, version = received(ws)
    # The websockets package refuses these by itself, with 400, after accept.
    whole = bool(headers.get("sec-websocket-key")) and headers.get("sec-websocket-version") == "13"
    since = time.monotonic()
    await ws.accept()
    say("handshake", headers, path=ws.url.path, accepted=whole, status=101 if whole else 400, http_version=version,
        scheme=ws.url.scheme, headers=headers)
    try:
        while True:
            message = await ws.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1006))
            if message.get("text") is not None:
                await ws.send_text(reply(message["text"]))
            else:
                await ws.send_bytes(message["bytes"])
    except WebSocketDisconnect as end:
        if whole:
            say("close", headers, code=end.code, seconds=round(time.monotonic() - since, 3))
