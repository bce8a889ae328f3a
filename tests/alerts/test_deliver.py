"""Sending what is due: back-off, dead letters, and each message once to the reader."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from alert_makers import NOON, make_message, make_settings
from mail_server import Mailbox, serve_mail

from response.alerts.delivery.deliver import deliver_due, make_senders
from response.alerts.delivery.mail import MailSender
from response.alerts.delivery.outbox import Posted
from response.alerts.delivery.sending import Reply
from response.alerts.settings import AlertSettings, Mail, Recipient
from response.model import AlertMessage, DeliveryAttempt
from response.terms import Channel, Outcome

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd.*")

SENT = Reply(Outcome.SENT)
DOWN = Reply(Outcome.FAILED, "down", way_is_closed=True)
BUSY = Reply(Outcome.FAILED, "busy")
GONE = Reply(Outcome.DEAD, "unknown user")


class KilledError(Exception):
    """The process ends here."""


@dataclass
class Box:
    """An outbox in memory."""

    posted: dict[str, Posted] = field(default_factory=dict)
    killed: bool = False

    @classmethod
    def of(cls, *messages: AlertMessage) -> Box:
        """Make one with messages that were never tried."""
        return cls({one.message_id: Posted(one) for one in messages})

    def read_waiting(self) -> Sequence[Posted]:
        """Read what waits."""
        return [one for one in self.posted.values() if one.waits]

    def write_attempt(self, attempt: DeliveryAttempt) -> None:
        """Append an attempt."""
        if self.killed:
            raise KilledError
        one = self.posted[attempt.message_id]
        self.posted[attempt.message_id] = replace(one, attempts=(*one.attempts, attempt))

    def attempts(self, message_id: str = "m1") -> tuple[DeliveryAttempt, ...]:
        """Read what was tried."""
        return self.posted[message_id].attempts


@dataclass
class Post:
    """Sends nothing, and replies what it is told to, the last reply for ever."""

    replies: list[Reply] = field(default_factory=lambda: [SENT])
    ways: dict[str, str] = field(default_factory=lambda: {"ward": "one", "chat": "two"})
    tried: list[str] = field(default_factory=list)

    def find_way(self, recipient: str) -> str | None:
        """Name the way to a recipient."""
        return self.ways.get(recipient)

    def send(self, message: AlertMessage, now: dt.datetime) -> Reply:
        """Reply."""
        self.tried.append(message.message_id)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def deliver(
    box: Box,
    post: Post | MailSender,
    now: dt.datetime = NOON,
    settings: AlertSettings | None = None,
) -> Any:
    senders = {Channel.MAIL: post, Channel.WEBHOOK: post}
    return deliver_due(box, settings or make_settings(), now, senders)


def test_what_is_due_is_sent_once() -> None:
    box, post = Box.of(make_message()), Post()
    report = deliver(box, post)
    assert (report.sent, report.waiting, report.ok) == (1, 0, True)
    assert deliver(box, post, NOON + HOUR).sent == 0
    assert post.tried == ["m1"]
    assert [one.outcome for one in box.attempts()] == [Outcome.SENT]


def test_what_is_not_due_waits() -> None:
    box, post = Box.of(make_message(not_before=NOON + HOUR)), Post()
    assert deliver(box, post).waiting == 1
    assert deliver(box, post, NOON + HOUR).sent == 1


def test_the_gravest_is_sent_first() -> None:
    box, post = Box(), Post()
    for name, severity in (("m1", "low"), ("m2", "high"), ("m3", "medium")):
        message = make_message(name, title=f"[{severity}] x")
        box.posted[name] = Posted(message)
    deliver(box, post)
    assert post.tried == ["m2", "m3", "m1"]


def test_failures_are_tried_again_ever_more_seldom() -> None:
    box, post, now = Box.of(make_message()), Post([BUSY]), NOON
    waits = []
    for _ in range(7):
        deliver(box, post, now)
        last = box.attempts()[-1]
        assert last.next_at is not None
        assert deliver(box, post, last.next_at - MINUTE / 60).failed == 0
        waits.append((last.next_at - now) / MINUTE)
        now = last.next_at
    for wait, least in zip(waits, (1, 5, 15, 60, 240, 240, 240), strict=True):
        assert least <= wait <= 1.2 * least


def test_a_refusal_for_good_is_a_dead_letter_at_once() -> None:
    box, post = Box.of(make_message()), Post([GONE])
    assert deliver(box, post).dead == 1
    assert deliver(box, post, NOON + 24 * HOUR).waiting == 0
    assert box.attempts()[-1].detail == "unknown user"


def test_what_failed_for_three_days_is_a_dead_letter() -> None:
    box, post, now = Box.of(make_message()), Post([BUSY]), NOON
    while box.posted["m1"].waits and now < NOON + 100 * HOUR:
        deliver(box, post, now)
        now += 15 * MINUTE
    assert 72 * HOUR <= box.attempts()[-1].at - NOON < 77 * HOUR
    assert box.attempts()[-1].detail == "given up after 72 hours: busy"


def test_a_dead_letter_that_a_person_asks_for_is_sent_again() -> None:
    box, post, now = Box.of(make_message()), Post([GONE, BUSY, SENT]), NOON + 100 * HOUR
    deliver(box, post)
    box.write_attempt(DeliveryAttempt("x", "m1", now, Outcome.FAILED, "asked by Dr Ada", now))
    assert deliver(box, post, now).failed == 1
    assert deliver(box, post, now + 10 * MINUTE).sent == 1


def test_a_recipient_that_left_the_protocol_is_a_dead_letter_that_says_so() -> None:
    box, post = Box.of(make_message(recipient="former")), Post()
    assert deliver(box, post).dead == 1
    assert "no such recipient" in box.attempts()[0].detail
    assert post.tried == []


def test_a_server_that_cannot_be_reached_is_tried_once_a_round() -> None:
    box = Box.of(*(make_message(f"m{n}") for n in range(200)))
    post = Post([DOWN])
    report = deliver(box, post)
    assert (len(post.tried), report.failed, report.waiting) == (1, 1, 200)
    assert report.closed == {"one": "down"}
    post.replies = [SENT]
    assert deliver(box, post, NOON + 2 * MINUTE).sent == 200


def test_another_server_is_tried_all_the_same() -> None:
    chat = make_message("m2", channel=Channel.WEBHOOK, recipient="chat", title="[low] x")
    box, post = Box.of(make_message(), chat), Post([DOWN, SENT])
    report = deliver(box, post, settings=make_settings())
    assert (report.sent, report.failed) == (1, 1)


def test_a_server_that_is_back_is_given_what_waits_for_its_next_attempt() -> None:
    box, post = Box.of(make_message("m1")), Post([DOWN])
    for hours in (0, 1, 2, 3, 5):
        deliver(box, post, NOON + hours * HOUR)
    later = NOON + 6 * HOUR
    box.posted["m2"] = Posted(make_message("m2", title="[low] x", not_before=later))
    post.replies = [SENT]
    assert deliver(box, post, later).sent == 2
    assert post.tried[-2:] == ["m2", "m1"]


def test_what_failed_in_a_round_is_not_tried_again_in_it() -> None:
    box, post = Box.of(make_message("m1"), make_message("m2")), Post([BUSY, SENT])
    deliver(box, post)
    assert post.tried == ["m1", "m2"]


def test_one_message_that_fails_does_not_hold_up_the_others() -> None:
    box, post = Box.of(make_message("m1"), make_message("m2")), Post([BUSY, SENT])
    assert deliver(box, post).sent == 1


def test_a_kill_before_the_attempt_is_kept_sends_the_same_message_again() -> None:
    box, post = Box.of(make_message()), Post()
    box.killed = True
    with pytest.raises(KilledError):
        deliver(box, post)
    box.killed = False
    assert deliver(box, post).sent == 1
    assert post.tried == ["m1", "m1"]


class TestQuietHours:
    night = dt.datetime(2026, 6, 1, 23, tzinfo=dt.UTC)
    settings = make_settings(quiet_from="22:00", quiet_to="07:00")

    def failed_before(self, severity: str) -> Box:
        box = Box.of(make_message(title=f"[{severity}] x"))
        deliver(box, Post([BUSY]), self.night - 90 * MINUTE, self.settings)
        return box

    def test_a_medium_message_that_failed_before_them_waits_until_they_end(self) -> None:
        box = self.failed_before("medium")
        assert deliver(box, Post(), self.night, self.settings).sent == 0
        assert deliver(box, Post(), self.night + 8 * HOUR, self.settings).sent == 1

    def test_a_server_that_is_back_in_them_is_not_given_it(self) -> None:
        box = self.failed_before("medium")
        box.posted["m2"] = Posted(make_message("m2"))
        assert deliver(box, Post(), self.night, self.settings).sent == 1

    def test_a_high_message_is_tried_again_in_them(self) -> None:
        assert deliver(self.failed_before("high"), Post(), self.night, self.settings).sent == 1

    def test_what_a_person_asks_for_is_sent_in_them(self) -> None:
        box = self.failed_before("medium")
        box.write_attempt(
            DeliveryAttempt("x", "m1", self.night, Outcome.FAILED, "asked", self.night)
        )
        assert deliver(box, Post(), self.night, self.settings).sent == 1


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    box, post = Box.of(make_message()), Post([BUSY, SENT])
    deliver(box, post, NOON + 24 * HOUR)
    assert deliver(box, post, NOON).sent == 1
    ahead = NOON + 24 * HOUR
    assert deliver(Box.of(make_message(at=ahead, not_before=ahead)), Post()).sent == 1


def test_a_day_of_a_failing_server_ends_with_each_message_once() -> None:
    mailbox = Mailbox(answer_data=["451 4.3.0 later"] * 3, drop_after_data=2)
    box = Box.of(*(make_message(f"m{n}") for n in range(5)))
    with serve_mail(mailbox) as port:
        settings = make_settings(mail=Mail(server="localhost", port=port, security="none"))
        now = NOON
        while any(one.waits for one in box.posted.values()):
            deliver_due(box, settings, now, make_senders(settings, {}))
            now += MINUTE
            assert now < NOON + 24 * HOUR
    seen = Counter(mail["Message-ID"] for mail in mailbox.mails)
    assert set(seen) == {f"<m{n}@response-tracker>" for n in range(5)}
    assert sum(seen.values()) == 7  # two were taken before the connection broke, and came again


def test_a_wrong_recipient_does_not_hold_up_the_others_at_a_real_server() -> None:
    mailbox = Mailbox(refuse_to={"former@example.org": "550 5.1.1 unknown"})
    people = (
        Recipient(name="former", address="former@example.org"),
        Recipient(name="ward", address="ward@example.org"),
    )
    box = Box.of(make_message("m1", recipient="former"), make_message("m2"))
    with serve_mail(mailbox) as port:
        mail = Mail(server="localhost", port=port, security="none")
        settings = make_settings(mail=mail, recipients=people)
        report = deliver_due(box, settings, NOON, make_senders(settings, {}))
    assert (report.sent, report.dead) == (1, 1)
