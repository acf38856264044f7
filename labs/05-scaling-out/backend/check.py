"""Tries the hub.py that is there, without any client: makes a Hub and starts it. Says what is wrong, and in which line."""

import asyncio
import sys
import traceback

PATH = "/srv/lab/hub.py"
PATIENCE = 2.0  # seconds that Hub.start may take


async def main():
    from hub import Hub

    hub = Hub()
    for name in ("start", "say"):
        if not asyncio.iscoroutinefunction(getattr(hub, name, None)):
            raise TypeError(f"Hub.{name} must be an async function")
    if not isinstance(getattr(hub, "clients", None), set):
        raise TypeError("Hub.clients must be a set")
    before = asyncio.all_tasks()
    try:
        await asyncio.wait_for(hub.start(), PATIENCE)
    except TimeoutError:
        raise TimeoutError("Hub.start does not return: what goes on for ever belongs into a task of its own") from None
    await asyncio.sleep(0.1)  # for what start has set going to fail
    for task in asyncio.all_tasks() - before:
        if task.done() and task.exception():
            raise task.exception()


try:
    asyncio.run(main())
except Exception as error:
    line = getattr(error, "lineno", None) if getattr(error, "filename", None) == PATH else None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == PATH:
            line = frame.lineno
    text = error.msg if isinstance(error, SyntaxError) else error
    print(f"{type(error).__name__}: {text}", f"in {PATH}:{line}" if line else "", file=sys.stderr)
    sys.exit(1)
