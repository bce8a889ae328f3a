"""Messages to programs over HTTP: generic JSON, Slack, Teams; signed, redirects not followed.

With ``secret_env``, ``X-Response-Signature`` is ``sha256=`` and the HMAC-SHA256, in hex, of
``X-Response-Timestamp`` (Unix seconds), a full stop and the body, by the secret of that variable.
A receiver checks it, refuses what is older than some minutes, and drops a
``X-Response-Message-Id`` that it has had before.

Examples
--------
>>> sign("key", 1767225600, b"{}")[:20]
'sha256=df344de429b8e'
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from response.alerts.delivery.hooks import write_hook
from response.alerts.delivery.sending import Reply, reply_within
from response.alerts.delivery.words import clean
from response.alerts.settings import AlertSettings, Webhook
from response.model import AlertMessage
from response.terms import Outcome

STEP_S = 10.0
"""How long connecting, and each step of the answer, may take."""
WHOLE_S = 30.0
"""How long all of it may take."""
LASTING_REDIRECTS = (301, 308)
TRY_AGAIN = (408, 429)
"""Refusals (4xx) that are for now."""
NOT_LET_IN = (401, 403, 404)
"""Refusals of whoever asks, whatever the message: the way is closed until somebody mends it."""


class WebhookSender:
    """Sends messages to the webhooks of a protocol."""

    def __init__(
        self,
        settings: AlertSettings,
        environ: Mapping[str, str],
        *,
        step_s: float = STEP_S,
        whole_s: float = WHOLE_S,
    ) -> None:
        self._settings = settings
        self._hooks = {one.name: one for one in settings.webhooks}
        self._environ = environ
        self._step_s = step_s
        self._whole_s = whole_s

    def find_way(self, recipient: str) -> str | None:
        """Name the receiver; ``None`` for one that the protocol does not have."""
        return f"webhook {recipient}" if recipient in self._hooks else None

    def send(self, message: AlertMessage, now: dt.datetime) -> Reply:
        """Post a message once."""
        hook = self._hooks[message.recipient]
        secret = self._environ.get(hook.secret_env, "") if hook.secret_env else ""
        if hook.secret_env and not secret:
            return Reply(Outcome.FAILED, f"${hook.secret_env} is not set", way_is_closed=True)
        body = json.dumps(write_hook(hook.kind, message, self._settings)).encode()
        headers = _write_headers(message, body, secret, now)
        return reply_within(self._whole_s, lambda: self._post(hook, body, headers))

    def _post(self, hook: Webhook, body: bytes, headers: Mapping[str, str]) -> Reply:
        limit = urllib3.Timeout(connect=self._step_s, read=self._step_s)
        with urllib3.PoolManager(cert_reqs="CERT_REQUIRED", retries=False, timeout=limit) as pool:
            try:
                answer = pool.request(
                    "POST",
                    hook.url,
                    body=body,
                    headers=headers,
                    redirect=False,
                    preload_content=False,
                )
            except (HTTPError, LocationValueError, OSError, ValueError) as error:
                # only the kind of error: its words hold the address, which may be a secret
                return Reply(
                    Outcome.FAILED,
                    f"could not be reached: {clean(type(error).__name__)}",
                    way_is_closed=True,
                )
            status = answer.status
            answer.close()  # what it says is not read: it is from outside and of no use
        return judge_status(status)


def judge_status(status: int) -> Reply:
    """Say what an HTTP status makes of a message.

    Examples
    --------
    >>> judge_status(202).outcome.value, judge_status(429).outcome.value
    ('sent', 'failed')
    >>> judge_status(410).outcome.value
    'dead'
    """
    if 200 <= status < 300:
        return Reply(Outcome.SENT)
    if 300 <= status < 400:
        dead = status in LASTING_REDIRECTS
        words = f"{status}: sends us elsewhere, which is not followed; give the final address"
        return Reply(Outcome.DEAD if dead else Outcome.FAILED, words)
    if status in NOT_LET_IN:
        words = f"{status}: the receiver lets nobody in here; see its address and secret"
        return Reply(Outcome.FAILED, words, way_is_closed=True)
    if 400 <= status < 500 and status not in TRY_AGAIN:
        return Reply(Outcome.DEAD, f"{status}: the receiver refused the message")
    words = f"{status}: the receiver could not take the message"
    return Reply(Outcome.FAILED, words, way_is_closed=status >= 500)


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Sign a body sent at a time (Unix seconds): the value of ``X-Response-Signature``."""
    signed = str(timestamp).encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _write_headers(
    message: AlertMessage, body: bytes, secret: str, now: dt.datetime
) -> dict[str, str]:
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "response-tracker",
        "X-Response-Message-Id": clean(message.message_id),
        "X-Response-Timestamp": str(timestamp),
    }
    if secret:
        headers["X-Response-Signature"] = sign(secret, timestamp, body)
    return headers
