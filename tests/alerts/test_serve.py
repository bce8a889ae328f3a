"""``alerts serve`` as a real process with a real mail server: killed, doubled, ended, damaged."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from alert_clinic import count_events, write_course
from mail_server import Mailbox, serve_mail
from serve_process import QUICK, serving, start, wait_for

from response.alerts.runner.beat_file import read_beat
from response.alerts.runner.schedule import Server
from response.store import Store
from response.workspace import Workspace

PROTOCOL = """
[alerts]
off = ["early_growth", "near_progression", "scan_overdue", "missed_follow_up"]
quiet_from = "00:00"
quiet_to = "00:00"
[alerts.mail]
server = "127.0.0.1"
port = {port}
security = "none"
[[alerts.recipients]]
name = "team"
address = "team@example.org"
"""


@dataclass
class Clinic:
    """A workspace with a mail server."""

    home: Path
    log: Path
    mailbox: Mailbox
    workspace: Workspace

    def progress(self, subject: str) -> None:
        """Write a course that ends in progression, without looking at alerts."""
        store = Store(self.workspace)
        write_course(self.workspace, store, subject, [30, 45])
        store.close()

    def make_server(self) -> Server:
        """Make a server that writes the log."""

        def say(line: str) -> None:
            with self.log.open("a") as file:
                file.write(line + "\n")

        return Server(self.workspace, say, QUICK)

    def said(self, words: str) -> int:
        """Count the lines of the log that hold some words."""
        return sum(words in line for line in self.log.read_text().splitlines())


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    mailbox = Mailbox()
    with serve_mail(mailbox) as port:
        workspace = Workspace.open(tmp_path / "home")
        workspace.protocol_path.write_text(PROTOCOL.format(port=port))
        (tmp_path / "log").touch()
        yield Clinic(tmp_path / "home", tmp_path / "log", mailbox, workspace)


def test_what_comes_while_it_runs_reaches_the_mailbox_once(clinic: Clinic) -> None:
    with serving(clinic.make_server()):
        wait_for(lambda: clinic.said("evaluated 20"))
        assert not clinic.mailbox.taken
        clinic.progress("P1")
        wait_for(lambda: clinic.mailbox.taken)
        before = clinic.said("evaluated 20")
        wait_for(lambda: clinic.said("evaluated 20") > before + 1)
    (mail,) = clinic.mailbox.mails
    assert mail["To"] == "team@example.org"
    assert "P1" not in mail.as_string()
    assert not clinic.said("P1")


def test_a_broken_protocol_is_told_to_operators_and_stops_nothing(clinic: Clinic) -> None:
    path = clinic.workspace.protocol_path
    path.write_text(path.read_text() + 'audiences = ["operator"]\n')
    with serving(clinic.make_server()):
        wait_for(lambda: clinic.said("evaluated 20"))
        path.write_text("[alerts]\nno_such_key = 1\n")
        wait_for(lambda: clinic.mailbox.taken)
        before = clinic.said("evaluated 20")
        wait_for(lambda: clinic.said("evaluated 20") > before + 1)
    (mail,) = clinic.mailbox.mails
    assert "The protocol cannot be read" in str(mail["Subject"])
    assert clinic.said("ALERT: protocol: alerts.no_such_key: unknown key")


def test_a_schedule_that_is_damaged_while_it_runs_is_made_anew(clinic: Clinic) -> None:
    def damage_until_told() -> int:
        (clinic.home / "alerts-schedule.sqlite").write_bytes(b"no database" * 1000)
        return clinic.said("made anew")

    with serving(clinic.make_server()):
        wait_for(lambda: clinic.said("evaluated 20"))
        wait_for(damage_until_told)
        clinic.progress("P1")
        wait_for(lambda: clinic.mailbox.taken)


def test_a_database_that_cannot_be_opened_stops_nothing_and_is_noted(clinic: Clinic) -> None:
    database = clinic.workspace.database
    database.write_bytes(b"no database" * 1000)
    with serving(clinic.make_server()):
        wait_for(lambda: clinic.said("evaluation failed") > 1)
        assert read_beat(clinic.home)[0].evaluations_failed > 1
        database.unlink()
        wait_for(lambda: clinic.said("evaluated 20"))
        wait_for(lambda: not read_beat(clinic.home)[0].evaluations_failed)


@pytest.mark.slow
def test_killed_and_started_again_it_makes_up_for_what_was_missed_and_repeats_nothing(
    clinic: Clinic,
) -> None:
    clinic.progress("P1")
    with start(clinic.home, clinic.log) as first:
        wait_for(lambda: clinic.said("sent 1"))
        first.kill()
        first.wait()
    clinic.progress("P2")
    time.sleep(1.2)
    with start(clinic.home, clinic.log):
        wait_for(lambda: len(clinic.mailbox.taken) == 2)
        wait_for(lambda: clinic.said("evaluated 20") > 3)
    assert clinic.said("evaluations were missed since") == 1
    assert len({mail["Message-ID"] for mail in clinic.mailbox.mails}) == 2
    store = Store(clinic.workspace)
    assert set(count_events(store).values()) == {1}
    store.close()


@pytest.mark.slow
def test_killed_after_sending_it_sends_again_under_the_same_message_id(clinic: Clinic) -> None:
    clinic.progress("P1")
    with start(clinic.home, clinic.log, "die") as first:
        first.wait(timeout=60)
    with start(clinic.home, clinic.log):
        wait_for(lambda: len(clinic.mailbox.taken) == 2)
        before = clinic.said("evaluated 20")
        wait_for(lambda: clinic.said("evaluated 20") > before + 1)
    assert len({mail["Message-ID"] for mail in clinic.mailbox.mails}) == 1


@pytest.mark.slow
def test_a_second_one_stands_by_and_takes_over_when_the_first_is_killed(clinic: Clinic) -> None:
    with start(clinic.home, clinic.log) as first:
        wait_for(lambda: clinic.said("evaluated 20"))
        with start(clinic.home, clinic.log):
            wait_for(lambda: clinic.said("standing by"))
            assert not clinic.said("taking over")
            first.kill()
            first.wait()
            clinic.progress("P1")
            wait_for(lambda: clinic.mailbox.taken)


@pytest.mark.slow
def test_the_command_evaluates_at_once_and_ends_within_ten_seconds_of_sigterm(
    clinic: Clinic,
) -> None:
    clinic.mailbox.hang_s = 30
    clinic.progress("P1")
    code = "from response.cli import main; main()"
    command = [sys.executable, "-c", code, "alerts", "serve", "--home", str(clinic.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        wait_for(lambda: clinic.mailbox.connections)
        begun = time.monotonic()
        server.terminate()
        said, _ = server.communicate(timeout=20)
        assert time.monotonic() - begun < 10
    assert server.returncode == 0
    assert "alerts are evaluated every 15 minutes" in said
    assert "ended in the middle of work" in said
