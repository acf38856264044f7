"""Tries a file that the student edits, before it is put in force: trial.py start, or trial.py reconnect. Says what is
wrong, and in which line."""

import json
import os
import subprocess
import sys
import traceback

# What start.sh finds in the place of python3.13: it tells its arguments, and starts nothing.
STAND_IN = "/srv/trial"
TOLD = "python3.13 was called with "


def start():
    """Runs start.sh with a stand-in, and has uvicorn itself read the options that it was called with."""
    path = {"PATH": f"{STAND_IN}:{os.environ['PATH']}"}
    try:
        trial = subprocess.run(["sh", "/srv/lab/start.sh"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               timeout=10, env={**os.environ, **path})
    except subprocess.TimeoutExpired:
        return "it neither starts uvicorn nor ends"
    calls = [line.removeprefix(TOLD) for line in trial.stdout.splitlines() if line.startswith(TOLD)]
    said = "\n".join(line for line in trial.stdout.splitlines() if not line.startswith(TOLD))
    if not calls:
        return f"it does not come to start python3.13, and says: {said.strip() or 'nothing'}"
    args = json.loads(calls[0])
    if "uvicorn" not in args:
        return f"it starts python3.13 {' '.join(args)}, and not uvicorn"
    import click
    from uvicorn import main as uvicorn

    try:
        options = uvicorn.make_context("uvicorn", args[args.index("uvicorn") + 1:]).params
    except click.ClickException as error:
        return f"uvicorn says: {error.format_message()}"
    if options["host"] != "0.0.0.0" or options["port"] != 8000:
        return f"uvicorn would listen on port {options['port']} of {options['host']}, and not on 8000 of 0.0.0.0"
    if options["app"] != "app:app":
        return f"uvicorn would run {options['app']}: the backend is app:app"


def reconnect():
    """Asks for the delays of the first attempts, some times: each must be a number of seconds."""
    path = "/srv/lab/reconnect.py"
    try:
        from reconnect import delay

        for attempt in range(12):
            for _ in range(20):
                wait = delay(attempt)
                if not isinstance(wait, (int, float)) or not 0 <= wait <= 3600:
                    return f"delay({attempt}) is {wait!r}, and not between 0 and 3600 seconds"
    except Exception as error:
        line = getattr(error, "lineno", None) if getattr(error, "filename", None) == path else None
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == path:
                line = frame.lineno
        text = error.msg if isinstance(error, SyntaxError) else error
        return f"{type(error).__name__}: {text}" + (f" in {path}:{line}" if line else "")


wrong = {"start": start, "reconnect": reconnect}[sys.argv[1]]()
if wrong:
    sys.exit(wrong)
