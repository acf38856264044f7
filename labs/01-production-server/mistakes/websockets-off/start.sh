#!/bin/sh
# The first thing that runs in the container: process 1.
# Save it, and the options are checked and the server is started anew.

echo "starting the chat"

uvicorn app:app --host 0.0.0.0 --port 8000 --workers 1 --ws none
