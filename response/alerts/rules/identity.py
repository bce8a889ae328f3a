"""The name of an alert: the same fact has the same one in every evaluation."""

from __future__ import annotations

import base64
import hashlib
import json

from response.model import Reader

ID_LENGTH = 16


def make_alert_id(
    rule: str,
    subject_key: str,
    *,
    reader: Reader | None = None,
    criterion: str = "",
    line: str = "",
    lesion: str = "",
    episode: str = "",
) -> str:
    """Return the opaque name of an alert: 16 letters and digits, 80 bits of a digest.

    Parameters
    ----------
    subject_key
        The subject's opaque key, never the patient's number: who guesses numbers cannot find the
        alerts that belong to them.
    lesion
        The lesion's ``tracking_uid``, or its name in a measurement table.
    episode
        The time point at which the fact began, or the last one before what fell due.

    Examples
    --------
    >>> first = make_alert_id("progression", "k1", criterion="recist11", episode="W8")
    >>> len(first), first == make_alert_id("progression", "k1", criterion="recist11", episode="W16")
    (16, False)
    """
    who = [reader.evaluator, reader.evaluator_id] if reader else []
    told = json.dumps([rule, subject_key, who, criterion, line, lesion, episode])
    digest = hashlib.sha256(told.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:ID_LENGTH]
