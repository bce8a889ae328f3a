"""From measurements to a mail in a real mailbox and a post at a real receiver."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from alert_clinic import NOW, look, open_clinic, write_course
from hook_receiver import Receiver, serve_hook
from mail_server import Mailbox, serve_mail

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd.*")

HOUR = dt.timedelta(hours=1)


def test_an_alert_and_its_withdrawal_arrive_and_name_nobody(tmp_path: Path) -> None:
    mailbox, receiver = Mailbox(), Receiver()
    with serve_mail(mailbox) as port, serve_hook(receiver) as hook:
        workspace, store = open_clinic(tmp_path / "home")
        text = workspace.protocol_path.read_text().replace("port = 9", f"port = {port}")
        text = text.replace("[alerts]", '[alerts]\nlink = "https://tracker.example"')
        hooks = f'[[alerts.webhooks]]\nname = "chat"\nurl = "http://localhost:{hook}/hook"\n'
        workspace.protocol_path.write_text(text + hooks)
        write_course(workspace, store, "PAT-0042", [30, "45.7"])
        look(workspace, store, deliver=True)
        look(workspace, store, NOW + HOUR, deliver=True)
        write_course(workspace, store, "PAT-0042", [30, "33.1"])
        report = look(workspace, store, NOW + 2 * HOUR, deliver=True)
        (record,) = store.alerts.read_records()
        store.close()
    assert (report.sent, report.failed) == (2, 0)
    raised, withdrawn = mailbox.mails
    key, alert_id = record.alert.subject_key, record.alert.alert_id
    assert raised["Subject"] == f"[high] Progression – {key}"
    assert withdrawn["Subject"] == f"[high] withdrawn: Progression – {key}"
    texts = [mail.get_content() for mail in (raised, withdrawn)]
    texts += [json.loads(body)["text"] for body in receiver.bodies]
    assert len(texts) == 4
    for body in texts:
        assert f"https://tracker.example/alerts?alert={alert_id}" in body
        assert "not for diagnosis without a physician" in body
        assert not [word for word in ("PAT-0042", "45.7", "33.1", "T1", "L1") if word in body]


def test_with_leave_the_mail_says_whose_what_and_why(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with serve_mail(mailbox) as port:
        workspace, store = open_clinic(tmp_path / "home")
        text = workspace.protocol_path.read_text().replace("port = 9", f"port = {port}")
        workspace.protocol_path.write_text(text.replace("[alerts]", "[alerts]\nidentifiers = true"))
        write_course(workspace, store, "PAT-0042", [30, "45.7"])
        look(workspace, store, deliver=True)
        write_course(workspace, store, "PAT-0042", [30, "33.1"])
        look(workspace, store, NOW + HOUR, deliver=True)
        store.close()
    raised, withdrawn = (mail.get_content() for mail in mailbox.mails)
    assert "Subject: PAT-0042" in raised
    assert "45.7" in raised
    assert "33.1" in withdrawn.partition("Why: ")[2].partition("\n")[0]


def test_mail_that_failed_for_hours_arrives_once(tmp_path: Path) -> None:
    mailbox = Mailbox(answer_data=["451 4.3.0 try later"] * 4)
    with serve_mail(mailbox) as port:
        workspace, store = open_clinic(tmp_path / "home")
        text = workspace.protocol_path.read_text().replace("port = 9", f"port = {port}")
        workspace.protocol_path.write_text(text)
        write_course(workspace, store, "PAT-0042", [30, "45.7"])
        for hours in range(7):
            look(workspace, store, NOW + hours * HOUR, deliver=True)
        (posted,) = store.alerts.read_outbox()
        store.close()
    assert len(mailbox.mails) == 1
    assert [one.outcome.value for one in posted.attempts] == ["failed"] * 4 + ["sent"]
