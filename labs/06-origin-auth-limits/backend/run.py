"""Starts uvicorn with the options of uvicorn.env; with the argument check, only says what would keep it from starting.

The file is read as systemd reads an EnvironmentFile: KEY=value, and # begins a line that does not count.
"""

import os
import re
import sys
import traceback

FOLDER = "/srv/lab/"
OPTIONS = FOLDER + "uvicorn.env"
# Pings every hour, so that nothing moves on a connection but what the lab sends. What follows: as little as possible
# between start and listening.
ARGUMENTS = ["app:app", "--host", "0.0.0.0", "--port", "8000", "--ws-ping-interval", "3600", "--ws-ping-timeout", "3600",
             "--loop", "asyncio", "--http", "h11", "--ws", "websockets", "--lifespan", "off", "--no-access-log",
             "--log-level", "warning", "--timeout-graceful-shutdown", "1"]


def options():
    """The lines that count: {key: (line number, value)}."""
    found = {}
    with open(OPTIONS, encoding="utf-8") as lines:
        for n, line in enumerate(lines, 1):
            line = line.strip()
            if not line or line[0] in "#;":
                continue
            key, equals, value = line.partition("=")
            if not equals:
                raise SystemExit(f"{OPTIONS}:{n}: this is not KEY=value")
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            found[key.strip()] = (n, value)
    return found


def main():
    found = options()
    os.environ.update({key: value for key, (_, value) in found.items()})
    import click
    import uvicorn
    command = uvicorn.main
    if sys.argv[1:] != ["check"]:
        command.main(ARGUMENTS, prog_name="uvicorn")
    try:
        command.make_context("uvicorn", list(ARGUMENTS), auto_envvar_prefix="UVICORN")
    except click.BadParameter as wrong:
        key = "UVICORN_" + (wrong.param.name if wrong.param else "").upper()
        raise SystemExit(f"{OPTIONS}:{found.get(key, (1,))[0]}: {wrong.format_message()}") from None
    sys.stdout = open(os.devnull, "w")
    try:
        import app  # noqa: F401
    except BaseException as wrong:
        raise SystemExit(f"{place(wrong)}: {type(wrong).__name__}: {message(wrong)}") from None


def place(wrong):
    """Where in the student's file it went wrong."""
    if isinstance(wrong, SyntaxError) and wrong.filename and wrong.filename.startswith(FOLDER):
        return f"{wrong.filename}:{wrong.lineno}"
    lines = [f for f in traceback.extract_tb(wrong.__traceback__) if f.filename.startswith(FOLDER)]
    return f"{lines[-1].filename}:{lines[-1].lineno}" if lines else FOLDER + "chat.py"


def message(wrong):
    return re.sub(r" \([\w.]+, line \d+\)$", "", str(wrong))


main()
