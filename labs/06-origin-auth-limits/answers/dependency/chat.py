"""The chat's WebSocket: it sends back what it is sent.

Save this file, and uvicorn is started anew with it. /token hands out tokens that are good for 2 seconds; the page
shows one in the address: wss://chat.lab.test/ws?token=…
"""

import asyncio
import time

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect, WebSocketException

import tokens

app = FastAPI()

# Where the chat's own pages come from.
ORIGINS = {"https://chat.lab.test"}


def holder(token: str = ""):
    try:
        user, expires = tokens.read(token)
    except tokens.BadToken:
        raise WebSocketException(1008) from None
    if expires <= time.time():
        raise WebSocketException(1008)
    return user


@app.websocket("/ws")
async def chat(ws: WebSocket, user: str = Depends(holder)):
    if ws.headers.get("origin") not in ORIGINS:
        await ws.close(1008)  # before accept: the handshake is answered with 403
        return
    await ws.accept()
    try:
        while True:
            await ws.send_text(await ws.receive_text())
    except WebSocketDisconnect:
        pass
