"""Tell somebody outside that evaluations go on: a dead man's switch that fires when they stop."""

from __future__ import annotations

from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from response.alerts.delivery.sending import Reply, reply_within
from response.alerts.runner.beat import Beat
from response.alerts.settings import LOCAL
from response.terms import Outcome

WHOLE_S = 10.0
"""How long asking may take in all."""


def tell_outside(url: str, beat: Beat, *, whole_s: float = WHOLE_S) -> str:
    """Ask ``heartbeat_url`` after a good evaluation.

    While nothing gets through over some way, or evaluations fail, it is not asked: then it is
    whoever watches from outside that tells an operator.

    Returns
    -------
    str
        Why it was not asked or did not answer, in words that hold no address; empty: it answered,
        or there is none.
    """
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        return "heartbeat_url is plain http to another machine: it is not asked; use https"
    if beat.evaluations_failed or beat.failing:
        return "heartbeat_url is not asked while messages do not get through or evaluations fail"
    reply = reply_within(whole_s, lambda: _ask(url, whole_s))
    return "" if reply.outcome is Outcome.SENT else f"heartbeat_url: {reply.detail}"


def _ask(url: str, whole_s: float) -> Reply:
    limit = urllib3.Timeout(total=whole_s)
    with urllib3.PoolManager(cert_reqs="CERT_REQUIRED", retries=False, timeout=limit) as pool:
        try:
            answer = pool.request("GET", url, redirect=False, preload_content=False)
        except (HTTPError, LocationValueError, OSError, ValueError) as error:
            # only the kind of error: the address is a secret of its own
            return Reply(Outcome.FAILED, f"could not be reached ({type(error).__name__})")
        status = answer.status
        answer.close()
    if 200 <= status < 300:
        return Reply(Outcome.SENT)
    return Reply(Outcome.FAILED, f"answered {status}")
