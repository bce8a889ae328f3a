"""Webhooks posted to a real HTTP receiver."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import socket
import time
from typing import Any, Literal

import pytest
from alert_makers import NOON, make_message, make_settings
from hook_receiver import Receiver, serve_hook
from mail_server import Certificate, make_certificate

from response.alerts.delivery.hooks import write_hook
from response.alerts.delivery.sending import Reply
from response.alerts.delivery.webhook import WebhookSender
from response.alerts.settings import Webhook
from response.terms import Channel, Outcome

Kind = Literal["generic", "slack", "teams"]


def make_sender(
    port: int,
    environ: dict[str, str] | None = None,
    scheme: str = "http",
    step_s: float = 20,
    **changes: Any,
) -> WebhookSender:
    hook = Webhook(name="chat", url=f"{scheme}://localhost:{port}/hook/t0ken", **changes)
    return WebhookSender(make_settings(webhooks=(hook,)), environ or {}, step_s=step_s, whole_s=60)


def send(sender: WebhookSender, **changes: Any) -> Reply:
    message = make_message(channel=Channel.WEBHOOK, recipient="chat", **changes)
    return sender.send(message, NOON)


def write(kind: Kind, **changes: Any) -> Any:
    message = make_message(channel=Channel.WEBHOOK, recipient="chat", **changes)
    return json.loads(json.dumps(write_hook(kind, message, make_settings())))


def test_a_generic_receiver_gets_documented_json() -> None:
    receiver = Receiver()
    with serve_hook(receiver) as port:
        assert send(make_sender(port)) == Reply(Outcome.SENT)
    assert json.loads(receiver.bodies[0]) == {
        "schema": "response-alerts/1",
        "message_id": "m1",
        "at": "2026-06-01T12:00:00+00:00",
        "severity": "high",
        "title": "[high] Progression – k7f3q",
        "text": "1 alert to look at.\n",
        "link": "https://tracker.example/alerts",
        "alert_count": 1,
        "alerts": [{"alert_id": "a1", "link": "https://tracker.example/alerts?alert=a1"}],
    }
    assert receiver.headers[0]["Content-Type"] == "application/json"
    assert receiver.headers[0]["X-Response-Message-Id"] == "m1"
    assert "X-Response-Signature" not in receiver.headers[0]


def test_a_receiver_can_verify_the_signature_with_the_secret() -> None:
    receiver = Receiver()
    with serve_hook(receiver) as port:
        sender = make_sender(port, {"CHAT_SECRET": "hush"}, secret_env="CHAT_SECRET")
        assert send(sender).outcome is Outcome.SENT
    headers, body = receiver.headers[0], receiver.bodies[0]
    signed = headers["X-Response-Timestamp"].encode() + b"." + body
    expected = hmac.new(b"hush", signed, hashlib.sha256).hexdigest()
    assert headers["X-Response-Signature"] == f"sha256={expected}"
    assert int(headers["X-Response-Timestamp"]) == int(NOON.timestamp())


def test_without_its_secret_nothing_is_sent_unsigned() -> None:
    receiver = Receiver()
    with serve_hook(receiver) as port:
        reply = send(make_sender(port, secret_env="CHAT_SECRET"))
    assert reply == Reply(Outcome.FAILED, "$CHAT_SECRET is not set", way_is_closed=True)
    assert receiver.bodies == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SENT),
        (202, Outcome.SENT),
        (204, Outcome.SENT),
        (301, Outcome.DEAD),
        (307, Outcome.FAILED),
        (400, Outcome.DEAD),
        (401, Outcome.FAILED),
        (404, Outcome.FAILED),
        (408, Outcome.FAILED),
        (410, Outcome.DEAD),
        (429, Outcome.FAILED),
        (500, Outcome.FAILED),
        (503, Outcome.FAILED),
    ],
)
def test_a_status_says_whether_to_try_again(status: int, outcome: Outcome) -> None:
    receiver = Receiver([status], said=b"" if status == 204 else b"ok")
    with serve_hook(receiver) as port:
        assert send(make_sender(port)).outcome is outcome
    assert len(receiver.bodies) == 1  # redirects are not followed, failures not repeated here


@pytest.mark.parametrize(
    ("status", "closed"), [(401, True), (403, True), (404, True), (503, True), (400, False)]
)
def test_a_receiver_that_lets_nobody_in_is_a_closed_way(status: int, closed: bool) -> None:
    with serve_hook(Receiver([status])) as port:
        assert send(make_sender(port)).way_is_closed is closed


def test_a_second_attempt_carries_the_same_id_and_body() -> None:
    receiver = Receiver([500, 200])
    with serve_hook(receiver) as port:
        sender = make_sender(port)
        assert [send(sender).outcome, send(sender).outcome] == [Outcome.FAILED, Outcome.SENT]
    assert receiver.bodies[0] == receiver.bodies[1]
    assert {one["X-Response-Message-Id"] for one in receiver.headers} == {"m1"}


def test_what_a_receiver_says_stands_nowhere() -> None:
    with serve_hook(Receiver([500], said=b"patient 0042")) as port:
        assert "0042" not in send(make_sender(port)).detail


def test_a_slow_receiver_is_left() -> None:
    with serve_hook(Receiver(hang_s=30)) as port:
        begun = time.monotonic()
        reply = send(make_sender(port, step_s=0.5))
        assert time.monotonic() - begun < 20
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)


def test_a_receiver_that_is_not_there_is_named_without_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reply = send(make_sender(port))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert "t0ken" not in reply.detail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def test_a_receiver_that_the_system_trusts_is_told_over_tls(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    with serve_hook(Receiver(), certificate.make_context()) as port:
        assert send(make_sender(port, scheme="https")).outcome is Outcome.SENT


def test_a_receiver_that_nobody_vouches_for_gets_nothing(certificate: Certificate) -> None:
    receiver = Receiver()
    with serve_hook(receiver, certificate.make_context()) as port:
        reply = send(make_sender(port, scheme="https"))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert receiver.bodies == []


def test_slack_gets_text_and_blocks_within_its_limits() -> None:
    body = "\n".join(f"{n}. line <!channel> & more" for n in range(2000))
    made = write("slack", title="[high] <@U1> & co", body=body)
    assert made["text"] == "[high] &lt;@U1&gt; &amp; co"
    header, *sections = made["blocks"]
    assert (header["type"], header["text"]["type"]) == ("header", "plain_text")
    assert len(header["text"]["text"]) <= 150
    assert all(len(one["text"]["text"]) <= 3000 for one in sections)
    assert {one["text"]["type"] for one in sections[:-1]} == {"plain_text"}
    assert sections[-1]["text"]["text"] == "<https://tracker.example/alerts|Open the inbox>"
    assert len(made["blocks"]) <= 50
    assert sum(len(one["text"]["text"]) for one in made["blocks"]) <= 12_000
    text = "\n".join(one["text"]["text"] for one in sections[:-1])
    assert body.startswith(text.removesuffix("\n…"))


def test_slack_gets_a_line_without_end_in_parts() -> None:
    made = write("slack", body="x" * 9000)
    parts = [one["text"]["text"] for one in made["blocks"][1:-1]]
    assert "".join(parts) == "x" * 9000


def test_teams_gets_an_adaptive_card_whose_text_is_not_markdown() -> None:
    made = write("teams", body="one\n\n[two](https://evil.example)\n")
    (attachment,) = made["attachments"]
    assert made["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {one["type"] for one in card["body"]} == {"RichTextBlock"}
    lines = [one["inlines"][0]["text"] for one in card["body"]]
    assert lines == ["[high] Progression – k7f3q", "one", "[two](https://evil.example)"]
    (action,) = card["actions"]
    assert action["url"] == "https://tracker.example/alerts"


@pytest.mark.parametrize(("kind", "most"), [("teams", 28_000), ("generic", 512_000)])
def test_a_body_of_any_size_is_cut_to_what_a_receiver_takes(kind: Kind, most: int) -> None:
    body = "".join(f"{n}. Läsion 中\n" for n in range(100_000))
    ids = tuple(f"{n:016}" for n in range(5000))
    message = write(kind, body=body, alert_ids=ids)
    assert len(json.dumps(message)) < most
    assert "…" in json.dumps(message, ensure_ascii=False)
