"""Messages by mail: SMTP with STARTTLS or TLS, certificates verified, plain text.

The password is ``$RESPONSE_SMTP_PASSWORD``; ``$RESPONSE_SMTP_CA`` names a file with certificates of
a hospital's own authority, trusted besides those of the system. Nothing is sent in the open except
to this machine itself.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import smtplib
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from response.alerts.delivery.sending import Reply, reply_within
from response.alerts.delivery.words import clean, read_severity
from response.alerts.settings import AlertSettings
from response.model import AlertMessage
from response.terms import Outcome, Severity

PASSWORD = "RESPONSE_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
AUTHORITY = "RESPONSE_SMTP_CA"

STEP_S = 15.0
"""How long each step of the talk with a server may take."""
WHOLE_S = 60.0
"""How long all of it may take."""
LONGEST_DETAIL = 200
GOING_DOWN = 421
"""The SMTP code of a server that closes the way to all messages (RFC 5321, 4.2.2)."""


class MailSender:
    """Sends messages to the recipients of a protocol through its mail server."""

    def __init__(
        self,
        settings: AlertSettings,
        environ: Mapping[str, str],
        *,
        step_s: float = STEP_S,
        whole_s: float = WHOLE_S,
    ) -> None:
        self._mail = settings.mail
        self._addresses = {one.name: one.address for one in settings.recipients}
        self._environ = environ
        self._step_s = step_s
        self._whole_s = whole_s

    def find_way(self, recipient: str) -> str | None:
        """Name the mail server; ``None`` for a recipient that the protocol does not have."""
        if recipient not in self._addresses:
            return None
        return f"mail server {self._mail.server}:{self._mail.port}"

    def send(self, message: AlertMessage, now: dt.datetime) -> Reply:
        """Send a message to its recipient once."""
        if not self._mail.server:
            return _close("no mail server is set: give server in [alerts.mail]")
        if self._mail.user and not self._environ.get(PASSWORD):
            return _close(f"${PASSWORD} is not set")
        try:
            mail = write_mail(message, self._mail.sender, self._addresses[message.recipient])
        except (MessageError, ValueError, IndexError) as error:
            return Reply(Outcome.DEAD, f"address cannot be used: {clean(str(error), 100)}")
        return reply_within(self._whole_s, lambda: self._transmit(mail))

    def _transmit(self, mail: EmailMessage) -> Reply:
        try:
            server = self._connect()
        except OSError as error:
            return _close(f"the mail server could not be reached: {_describe(error)}")
        try:
            closed = self._enter(server)
            return closed or _hand_over(server, mail)
        finally:
            with contextlib.suppress(OSError):
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        mail = self._mail
        if mail.security == "tls":
            return smtplib.SMTP_SSL(
                mail.server, mail.port, timeout=self._step_s, context=self._trust()
            )
        return smtplib.SMTP(mail.server, mail.port, timeout=self._step_s)

    def _enter(self, server: smtplib.SMTP) -> Reply | None:
        """Close the way and log in; the reply where that cannot be."""
        try:
            if self._mail.security == "starttls":
                server.starttls(context=self._trust())
            server.ehlo_or_helo_if_needed()
            if self._mail.user:
                server.login(self._mail.user, self._environ[PASSWORD])
        except smtplib.SMTPAuthenticationError as error:
            return _close(f"the mail server refused the login ({error.smtp_code})")
        except (OSError, ValueError) as error:
            return _close(f"the mail server did not let us in: {_describe(error)}")
        return None

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._environ.get(AUTHORITY):
            context.load_verify_locations(self._environ[AUTHORITY])
        return context


def write_mail(message: AlertMessage, sender: str, address: str) -> EmailMessage:
    """Write a message as a mail: the same however often it is written.

    Raises
    ------
    ValueError or email.errors.MessageError
        If an address cannot stand in a header.
    """
    mail = EmailMessage(policy=SMTP)
    severity = read_severity(message.title)
    mail["From"] = _read_address(sender)
    mail["To"] = _read_address(address)
    mail["Subject"] = clean(message.title)
    mail["Date"] = format_datetime(max(message.at, message.not_before))
    mail["Message-ID"] = f"<{clean(message.message_id)}@response-tracker>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Response-Message-Id"] = clean(message.message_id)
    mail["X-Response-Severity"] = severity.value
    if severity is Severity.HIGH:
        mail["Importance"] = "high"
    mail.set_content(message.body, charset="utf-8")
    return mail


def _read_address(address: str) -> Address:
    """Read an address; its domain is written as the net knows it (IDNA)."""
    name, at, domain = address.rpartition("@")
    known = domain if domain.isascii() else domain.encode("idna").decode()
    if name.isascii():
        return Address(addr_spec=f"{name}{at}{known}")
    return Address(username=name, domain=known)


def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> Reply:
    try:
        server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return _refuse("the address", code, said)
    except smtplib.SMTPSenderRefused as error:
        return _close(f"the mail server refused the sender: {_say(error.smtp_code, error)}")
    except smtplib.SMTPDataError as error:
        return _refuse("the message", error.smtp_code, error.smtp_error)
    except smtplib.SMTPNotSupportedError:
        return Reply(Outcome.DEAD, "the mail server takes no address with letters beyond ASCII")
    except OSError as error:
        words = clean(f"the mail server broke off: {_describe(error)}", LONGEST_DETAIL)
        return Reply(Outcome.FAILED, words, way_is_closed=_took_too_long(error))
    return Reply(Outcome.SENT)


def _refuse(what: str, code: int, said: bytes | str) -> Reply:
    """Tell a refusal for good (5xx) from one for now."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    detail = clean(f"the mail server refused {what}: {code} {text}", LONGEST_DETAIL)
    outcome = Outcome.DEAD if code >= 500 else Outcome.FAILED
    return Reply(outcome, detail, way_is_closed=code == GOING_DOWN)


def _close(detail: str) -> Reply:
    return Reply(Outcome.FAILED, clean(detail, LONGEST_DETAIL), way_is_closed=True)


def _say(code: int, error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    return f"{code} {said.decode('ascii', 'replace') if isinstance(said, bytes) else said}"


def _describe(error: Exception) -> str:
    """Describe an error of the network or the server in a few words."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _say(error.smtp_code, error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); see ${AUTHORITY}"
    if _took_too_long(error):
        return "it took too long"
    return str(error) or type(error).__name__


def _took_too_long(error: Exception) -> bool:
    """Whether a time limit was behind it: smtplib says that the connection was closed."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
