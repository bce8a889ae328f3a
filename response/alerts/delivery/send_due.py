"""Send what waits in a workspace's outbox, and note in the heartbeat which ways are open."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping

from response.alerts.delivery.deliver import DeliveryReport, deliver_due, make_senders
from response.alerts.delivery.mail import MailSender
from response.alerts.delivery.outbox import Posted
from response.alerts.delivery.sending import Sender
from response.alerts.delivery.webhook import WebhookSender
from response.alerts.runner.beat import note_delivery
from response.alerts.runner.beat_file import change_beat
from response.alerts.settings import AlertSettings
from response.model import DeliveryAttempt
from response.store import Store
from response.terms import Channel, Outcome
from response.workspace import Workspace

QUICK_STEP_S = 3.0
QUICK_WHOLE_S = 8.0
"""How long a message may take where somebody waits for a command to end."""

Senders = Mapping[Channel, Sender]


class StoredOutbox:
    """The outbox of a workspace, as delivery uses it; notes over which ways messages went."""

    def __init__(self, store: Store, senders: Senders, actor: str) -> None:
        self.through: set[str] = set()
        self._store = store
        self._senders = senders
        self._actor = actor
        self._ways: dict[str, str | None] = {}

    def read_waiting(self) -> tuple[Posted, ...]:
        """Read the messages that were neither sent nor given up, with their attempts."""
        found = self._store.alerts.read_outbox(settled=False)
        for one in found:
            way = self._senders[one.message.channel].find_way(one.message.recipient)
            self._ways[one.message.message_id] = way
        return found

    def write_attempt(self, attempt: DeliveryAttempt) -> None:
        """Append an attempt, at once and for good."""
        self._store.alerts.append_attempts([attempt], actor=self._actor)
        way = self._ways.get(attempt.message_id)
        if attempt.outcome is Outcome.SENT and way:
            self.through.add(way)


def send_due(
    workspace: Workspace,
    store: Store,
    settings: AlertSettings,
    *,
    now: dt.datetime,
    actor: str,
    quick: bool = False,
    senders: Senders | None = None,
) -> DeliveryReport:
    """Send what is due; the lease is held by the caller.

    Parameters
    ----------
    quick
        Give each message up sooner: it is tried again by the next run.
    senders
        What sends over each channel; else as the protocol and the environment say.
    """
    ways = senders or _make_senders(settings, quick)
    outbox = StoredOutbox(store, ways, actor)
    report = deliver_due(outbox, settings, now, ways)
    dead = store.alerts.count_dead_letters()
    known = _list_ways(settings, ways)
    change_beat(
        workspace.home,
        lambda beat: note_delivery(
            beat,
            now,
            through=outbox.through,
            closed=report.closed,
            known=known,
            dead_letters=dead,
        ),
    )
    return report


def _make_senders(settings: AlertSettings, quick: bool) -> Senders:
    if not quick:
        return make_senders(settings)
    step_s, whole_s = QUICK_STEP_S, QUICK_WHOLE_S
    return {
        Channel.MAIL: MailSender(settings, os.environ, step_s=step_s, whole_s=whole_s),
        Channel.WEBHOOK: WebhookSender(settings, os.environ, step_s=step_s, whole_s=whole_s),
    }


def _list_ways(settings: AlertSettings, senders: Senders) -> frozenset[str]:
    """Name every way of the protocol."""
    by_mail = (senders[Channel.MAIL].find_way(one.name) for one in settings.recipients)
    by_hook = (senders[Channel.WEBHOOK].find_way(one.name) for one in settings.webhooks)
    return frozenset(way for way in (*by_mail, *by_hook) if way)
