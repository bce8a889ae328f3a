"""Mail through a real SMTP server."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alert_makers import NOON, make_message, make_settings
from mail_server import PASSWORD, USER, Certificate, Mailbox, make_certificate, serve_mail

from response.alerts.delivery.mail import MailSender, write_mail
from response.alerts.delivery.sending import Reply
from response.alerts.settings import Mail, Recipient
from response.terms import Outcome

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd.*"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def make_sender(
    port: int,
    environ: dict[str, str] | None = None,
    address: str = "ward@example.org",
    step_s: float = 20,
    whole_s: float = 60,
    **mail: Any,
) -> MailSender:
    given = {"server": "localhost", "port": port, "security": "none", "sender": "t@example.org"}
    settings = make_settings(
        mail=Mail(**(given | mail)), recipients=(Recipient(name="ward", address=address),)
    )
    return MailSender(settings, environ or {}, step_s=step_s, whole_s=whole_s)


def send(sender: MailSender, **changes: Any) -> Reply:
    return sender.send(make_message(**changes), NOON)


def test_a_message_arrives_as_plain_text_with_headers_that_say_what_it_is() -> None:
    mailbox = Mailbox()
    with serve_mail(mailbox) as port:
        assert send(make_sender(port), body="Fürst Lukács\n.\n.. 中\n") == Reply(Outcome.SENT)
    (mail,) = mailbox.mails
    assert mail["To"] == "ward@example.org"
    assert mail["From"] == "t@example.org"
    assert mail["Message-ID"] == "<m1@response-tracker>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Response-Message-Id"] == "m1"
    assert mail["X-Response-Severity"] == "high"
    assert mail["Date"].datetime == NOON
    assert mail["Subject"] == "[high] Progression – k7f3q"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content() == "Fürst Lukács\n.\n.. 中\n"


def test_starttls_with_a_certificate_of_the_hospital_and_a_login(certificate: Certificate) -> None:
    mailbox = Mailbox()
    options = {
        "tls_context": certificate.make_context(),
        "require_starttls": True,
        "authenticator": mailbox.log_in,
        "auth_required": True,
    }
    environ = {"RESPONSE_SMTP_CA": str(certificate.cert), "RESPONSE_SMTP_PASSWORD": PASSWORD}
    with serve_mail(mailbox, **options) as port:
        assert send(make_sender(port, environ, security="starttls", user=USER)).detail == ""
    assert mailbox.encrypted == [True]
    assert mailbox.logins == [USER]


def test_tls_from_the_first_byte(certificate: Certificate) -> None:
    mailbox = Mailbox()
    environ = {"RESPONSE_SMTP_CA": str(certificate.cert)}
    with serve_mail(mailbox, ssl_context=certificate.make_context()) as port:
        assert send(make_sender(port, environ, security="tls")).outcome is Outcome.SENT
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    certificate: Certificate, security: str
) -> None:
    mailbox = Mailbox()
    context = certificate.make_context()
    options = {"tls_context": context} if security == "starttls" else {"ssl_context": context}
    with serve_mail(mailbox, **options) as port:
        reply = send(make_sender(port, security=security))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert "certificate is not trusted" in reply.detail
    assert "$RESPONSE_SMTP_CA" in reply.detail
    assert mailbox.taken == []


def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    other = make_certificate(tmp_path, "elsewhere.example")
    mailbox = Mailbox()
    with serve_mail(mailbox, tls_context=other.make_context()) as port:
        environ = {"RESPONSE_SMTP_CA": str(other.cert)}
        reply = send(make_sender(port, environ, security="starttls"))
    assert "certificate is not trusted" in reply.detail
    assert mailbox.taken == []


def test_a_server_without_starttls_gets_nothing_in_the_open() -> None:
    mailbox = Mailbox()
    with serve_mail(mailbox) as port:
        reply = send(make_sender(port, security="starttls"))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert mailbox.taken == []


def test_a_file_of_authorities_that_is_not_there_closes_the_way(certificate: Certificate) -> None:
    mailbox = Mailbox()
    with serve_mail(mailbox, tls_context=certificate.make_context()) as port:
        environ = {"RESPONSE_SMTP_CA": "/nowhere/ca.pem"}
        reply = send(make_sender(port, environ, security="starttls"))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)


def test_a_wrong_password_closes_the_way_and_kills_no_message(certificate: Certificate) -> None:
    mailbox = Mailbox()
    options = {"tls_context": certificate.make_context(), "authenticator": mailbox.log_in}
    environ = {"RESPONSE_SMTP_CA": str(certificate.cert), "RESPONSE_SMTP_PASSWORD": "wrong"}
    with serve_mail(mailbox, **options) as port:
        reply = send(make_sender(port, environ, security="starttls", user=USER))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert "refused the login (535)" in reply.detail
    assert "wrong" not in reply.detail


def test_a_password_that_is_not_set_is_named() -> None:
    reply = send(make_sender(1, user=USER))
    assert reply == Reply(Outcome.FAILED, "$RESPONSE_SMTP_PASSWORD is not set", way_is_closed=True)


def test_without_a_server_the_way_is_closed() -> None:
    reply = send(make_sender(1, server=""))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert "[alerts.mail]" in reply.detail


def test_an_address_that_is_not_known_is_refused_for_good() -> None:
    mailbox = Mailbox(refuse_to={"ward@example.org": "550 5.1.1 user unknown"})
    with serve_mail(mailbox) as port:
        reply = send(make_sender(port))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.DEAD, False)
    assert "550 5.1.1 user unknown" in reply.detail


def test_an_address_refused_for_now_is_tried_again() -> None:
    mailbox = Mailbox(refuse_to={"ward@example.org": "450 4.2.0 greylisted"})
    with serve_mail(mailbox) as port:
        assert send(make_sender(port)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("451 4.3.0 try later", Outcome.FAILED), ("554 5.7.1 spam", Outcome.DEAD)],
)
def test_a_message_refused_is_tried_again_or_dead_as_the_server_says(
    answer: str, outcome: Outcome
) -> None:
    mailbox = Mailbox(answer_data=[answer])
    with serve_mail(mailbox) as port:
        assert send(make_sender(port)).outcome is outcome


def test_a_server_going_down_closes_the_way() -> None:
    mailbox = Mailbox(answer_data=["421 4.3.2 going down"])
    with serve_mail(mailbox) as port:
        reply = send(make_sender(port))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)


def test_a_connection_dropped_after_the_message_counts_as_not_sent() -> None:
    mailbox = Mailbox(drop_after_data=1)
    with serve_mail(mailbox) as port:
        sender = make_sender(port)
        assert send(sender).outcome is Outcome.FAILED
        assert send(sender).outcome is Outcome.SENT
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"] == "<m1@response-tracker>"
    assert mailbox.taken[0] == mailbox.taken[1]


def test_a_server_that_hangs_is_left() -> None:
    mailbox = Mailbox(hang_s=30)
    with serve_mail(mailbox) as port:
        begun = time.monotonic()
        reply = send(make_sender(port, step_s=1))
        assert time.monotonic() - begun < 20
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert "took too long" in reply.detail


def test_a_server_that_is_not_there_closes_the_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reply = send(make_sender(port))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert "could not be reached" in reply.detail


@contextmanager
def serve_letter_by_letter() -> Iterator[int]:
    """Serve a greeting that never ends: each step is quick, all of it takes for ever."""
    ended = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection:
            while not ended.wait(0.2):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip)
        thread.start()
        yield listening.getsockname()[1]
        ended.set()
        thread.join()


def test_a_server_that_answers_letter_by_letter_is_left() -> None:
    with serve_letter_by_letter() as port:
        reply = send(make_sender(port, whole_s=1))
    assert (reply.outcome, reply.way_is_closed) == (Outcome.FAILED, True)
    assert "no reply within" in reply.detail


def test_names_cannot_put_headers_into_a_mail() -> None:
    mailbox = Mailbox()
    evil = "[high] X\r\nBcc: evil@example.org\r\n\r\nhello\u2028\x00"
    with serve_mail(mailbox) as port:
        send(make_sender(port), title=evil, message_id="m1>\r\nBcc: evil@example.org")
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "[high] X Bcc: evil@example.org hello"


def test_a_body_cannot_end_the_message_early() -> None:
    mailbox = Mailbox()
    evil = "one\r\n.\r\nMAIL FROM:<evil@example.org>\r\nDATA\r\n.\n.\rtwo\n"
    with serve_mail(mailbox) as port:
        assert send(make_sender(port), body=evil).outcome is Outcome.SENT
    (mail,) = mailbox.mails
    assert "MAIL FROM:<evil@example.org>" in mail.get_content()
    assert "two" in mail.get_content()


def test_lines_of_any_length_arrive() -> None:
    mailbox = Mailbox()
    with serve_mail(mailbox) as port:
        send(make_sender(port), body="x" * 5000 + "\n")
    assert mailbox.mails[0].get_content() == "x" * 5000 + "\n"
    assert max(map(len, mailbox.taken[0].split(b"\r\n"))) <= 998


def test_an_address_that_cannot_stand_in_a_header_is_refused_for_good() -> None:
    reply = send(make_sender(1, address="a..b@exa[mple"))
    assert reply.outcome is Outcome.DEAD
    assert "address" in reply.detail


def test_a_domain_beyond_ascii_is_written_as_the_net_knows_it() -> None:
    mail = write_mail(make_message(), "t@example.org", "ward@bücher.example")
    assert mail["To"] == "ward@xn--bcher-kva.example"


def test_a_name_beyond_ascii_that_the_server_does_not_take_is_refused_for_good() -> None:
    mailbox = Mailbox()
    with serve_mail(mailbox, enable_SMTPUTF8=False) as port:
        reply = send(make_sender(port, address="jürg@example.org"))
    assert reply.outcome is Outcome.DEAD


def test_a_name_beyond_ascii_arrives_where_the_server_takes_it() -> None:
    mailbox = Mailbox()
    with serve_mail(mailbox, enable_SMTPUTF8=True) as port:
        reply = send(make_sender(port, address="jürg@example.org"))
    assert reply.outcome is Outcome.SENT
