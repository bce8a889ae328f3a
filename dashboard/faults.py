"""Faults of the server, written down without what was being looked at."""

from __future__ import annotations

import logging
import secrets
import traceback

log = logging.getLogger("dashboard")


def note_fault(error: BaseException) -> str:
    """Log where an error arose and return the reference that its page shows.

    The message of the error is left out: it may name a subject or a file.
    """
    reference = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " < ".join(f"{f.name}:{f.lineno}" for f in reversed(frames))
    log.error("fault %s: %s at %s", reference, type(error).__name__, places)
    return reference
