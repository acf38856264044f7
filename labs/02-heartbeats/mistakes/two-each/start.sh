#!/bin/sh
# What runs in the backend's container.
# Save it, and the options are checked and the server is started anew.

exec uvicorn app:app --host 0.0.0.0 --port 8000 \
    --ws-ping-interval 2 \
    --ws-ping-timeout 2
