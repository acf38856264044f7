"""Tokens as a login hands them out: who it is, until when, and a signature that only this server can make.

    ada:1795351999.345:5f0c…

Real ones are often JWTs (RFC 7519). They work the same way.
"""

import hashlib
import hmac
import math
import os
import time

SECRET = os.urandom(32)


class BadToken(Exception):
    """The token was not made by this server."""


def issue(user, lifetime):
    """A token for user that is good for lifetime seconds."""
    claims = f"{user}:{time.time() + lifetime:.3f}"
    return f"{claims}:{sign(claims)}"


def read(token):
    """The user and the time, in seconds since 1970, at which the token expires. Whether that is over is not looked at.

    Raises BadToken if the signature is not this server's.
    """
    claims, _, signature = token.rpartition(":")
    if not hmac.compare_digest(signature.encode(), sign(claims).encode()):
        raise BadToken
    user, _, expires = claims.rpartition(":")
    expires = float(expires)
    if not math.isfinite(expires):
        raise BadToken
    return user, expires


def sign(claims):
    return hmac.new(SECRET, claims.encode(), hashlib.sha256).hexdigest()
