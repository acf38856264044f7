#!/bin/sh
# How a backend is started: the container runs this file, as its process 1.

echo "starting"

exec python3.13 -S -m uvicorn app:app --host 0.0.0.0 --port 8000 \
    --ws-ping-interval 3600 --ws-ping-timeout 3600 \
    --loop asyncio --http h11 --ws websockets --lifespan off \
    --no-access-log --log-level warning
