#!/bin/sh
# What runs in the backend's container.
# Save it, and the options are checked and the server is started anew.

export UVICORN_WS_PING_INTERVAL=3600 UVICORN_WS_PING_TIMEOUT=3600
exec uvicorn app:app --host 0.0.0.0 --port 8000
