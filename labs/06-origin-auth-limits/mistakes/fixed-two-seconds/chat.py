"""The chat's WebSocket: it sends back what it is sent.

Save this file, and uvicorn is started anew with it. /token hands out tokens that are good for 2 seconds; the page
shows one in the address: wss://chat.lab.test/ws?token=…
"""

import asyncio
import time

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

import tokens

app = FastAPI()

# Where the chat's own pages come from.
ORIGINS = {"https://chat.lab.test"}


@app.websocket("/ws")
async def chat(ws: WebSocket):
    if ws.headers.get("origin") not in ORIGINS:
        await ws.close(1008)  # before accept: the handshake is answered with 403
        return
    try:
        user, expires = tokens.read(ws.query_params.get("token", ""))
    except tokens.BadToken:
        await ws.close(1008)
        return
    if expires <= time.time():
        await ws.close(1008)
        return
    await ws.accept()
    try:
        async with asyncio.timeout(2):
            while True:
                await ws.send_text(await ws.receive_text())
    except TimeoutError:
        await ws.close(1008, "token expired")
    except WebSocketDisconnect:
        pass
