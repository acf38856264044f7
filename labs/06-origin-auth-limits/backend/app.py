"""What the lab has around the student's chat.py: a log line for each handshake and each close, as the other labs'
backends write them, and /token, which stands for the login of a real application.
"""

import json
import time

from pydantic import BaseModel

# A quarter of FastAPI's import time goes into the models of its OpenAPI pages, which nobody asks for here: leave them
# unbuilt.
BaseModel.model_config["defer_build"] = True

import chat  # noqa: E402
import tokens  # noqa: E402

LIFETIME = 2  # seconds that a token is good for, and the session with it: a real session lasts minutes or hours


def say(event, headers, /, **values):
    """One JSON line, out at once: a check may be waiting for it."""
    line = {"event": event, "probe": headers.get("x-lab-probe"), **values}
    print(json.dumps(line, separators=(",", ":")), flush=True)


def received(scope):
    """All headers, lower-case, those that came twice joined as RFC 9110, section 5.3, has it."""
    headers = {}
    for name, value in scope["headers"]:
        name, value = name.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def text(send, status, body):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body.encode()})


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await Watched(scope, receive, send).run()
    elif scope["path"] == "/health":
        await text(send, 200, "ok\n")
    elif scope["path"] == "/token":
        await text(send, 200, tokens.issue("ada", LIFETIME) + "\n")
    else:
        await chat.app(scope, receive, send)


class Watched:
    """One WebSocket of chat.app, with what it does written down."""

    def __init__(self, scope, receive, send):
        self.scope, self.receive, self.send = scope, receive, send
        self.headers = received(scope)
        self.since = None  # when it was accepted
        self.ended = False

    async def run(self):
        try:
            await chat.app(self.scope, self.hear, self.speak)
        except BaseException:
            self.close(1006)  # uvicorn tears the connection
            raise

    async def hear(self):
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            self.close(message.get("code", 1006))
        return message

    async def speak(self, message):
        kind = message["type"]
        if kind == "websocket.accept":
            self.since = time.monotonic()
            self.handshake(101)
        elif kind == "websocket.close" and self.since is None:
            self.handshake(403)  # what uvicorn makes of a close before the accept
        elif kind == "websocket.close":
            self.close(message.get("code", 1000))
        elif kind == "websocket.http.response.start":
            self.handshake(message["status"])
        await self.send(message)

    def handshake(self, status):
        say("handshake", self.headers, path=self.scope["path"], accepted=status == 101, status=status,
            http_version=self.scope["http_version"], headers=self.headers)

    def close(self, code):
        if self.since is not None and not self.ended:
            self.ended = True
            say("close", self.headers, code=code, seconds=round(time.monotonic() - self.since, 3))
