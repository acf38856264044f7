"""How long a client waits before it tries to connect again. The lab has forty such clients."""

import random

BASE = 1.0  # seconds
CAP = 4.0


def delay(attempt):
    """Seconds to wait before an attempt; attempt is 0 for the first one after the connection was lost."""
    return BASE
