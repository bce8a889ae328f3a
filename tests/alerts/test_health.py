"""``alerts health``: what has stopped is said with exit status 1, and told once per outage."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from mail_server import Mailbox, serve_mail

from response.alerts.runner.beat import Beat
from response.alerts.runner.beat_file import NAME, change_beat
from response.alerts.runner.last_protocol import keep_protocol
from response.alerts.runner.notice import NAME as NOTICE
from response.cli import main
from response.workspace import Workspace

HOUR = dt.timedelta(hours=1)
PROTOCOL = """
[alerts]
off = ["runner_stopped"]
link = "https://tracker.example"
[alerts.mail]
server = "127.0.0.1"
port = {port}
security = "none"
[[alerts.recipients]]
name = "ward"
address = "ward@example.org"
[[alerts.recipients]]
name = "operator"
address = "operator@example.org"
audiences = ["operator"]
"""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def well() -> Beat:
    return Beat(last_evaluation_at=now(), runner_at=now(), by="serve", last_intake_at=now())


@dataclass
class Clinic:
    """A workspace whose database cannot be opened, with a mail server."""

    home: Path
    mailbox: Mailbox

    def set_beat(self, beat: Beat) -> None:
        """Put a heartbeat there."""
        change_beat(self.home, lambda _before: beat)

    def ask(self, *more: str) -> Result:
        """Ask how alerts are."""
        return CliRunner().invoke(main, ["alerts", "health", "--home", str(self.home), *more])

    def subjects_told(self) -> list[str]:
        """Give the subjects of the mails to the operator."""
        assert {mail["To"] for mail in self.mailbox.mails} <= {"operator@example.org"}
        return [str(mail["Subject"]) for mail in self.mailbox.mails]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    mailbox = Mailbox()
    with serve_mail(mailbox) as port:
        workspace = Workspace.open(tmp_path / "home")
        workspace.protocol_path.write_text(PROTOCOL.format(port=port))
        workspace.database.write_bytes(b"no database" * 1000)
        yield Clinic(tmp_path / "home", mailbox)


def test_all_well_is_exit_status_0(clinic: Clinic) -> None:
    clinic.set_beat(well())
    result = clinic.ask("--notify")
    assert (result.exit_code, result.output[:8]) == (0, "all well")
    assert not clinic.mailbox.taken
    assert not (clinic.home / NOTICE).exists()


@pytest.mark.parametrize(
    ("beat", "words"),
    [
        (replace(well(), last_evaluation_at=now() - 30 * HOUR), "no evaluation of alerts for more"),
        (replace(well(), failing_since=now() - 3 * HOUR, last_error="E"), "has failed since"),
        (replace(well(), failing={"mail server m:25": now() - 2 * HOUR}), "gets through to mail"),
        (replace(well(), dead_letters=3), "3 messages were given up"),
        (replace(well(), last_evaluation_at=now() + HOUR), "ahead of the clock"),
        (Beat(), "never been evaluated"),
    ],
)
def test_what_has_stopped_is_one_line_and_exit_status_1(
    clinic: Clinic, beat: Beat, words: str
) -> None:
    clinic.set_beat(beat)
    result = clinic.ask()
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert words in line


def test_a_damaged_heartbeat_and_a_broken_protocol_are_said(clinic: Clinic) -> None:
    (clinic.home / NAME).write_text("{")
    (clinic.home / "protocol.toml").write_text("[alerts]\nno_such_key = 1\n")
    result = clinic.ask()
    assert result.exit_code == 1
    assert "damaged" in result.output
    assert "alerts.no_such_key: unknown key" in result.output


def test_where_nobody_uses_alerts_nobody_is_nagged(tmp_path: Path) -> None:
    Workspace.open(tmp_path / "home")
    change_beat(tmp_path / "home", lambda _beat: Beat(last_evaluation_at=now() - 999 * HOUR))
    result = CliRunner().invoke(main, ["alerts", "health", "--home", str(tmp_path / "home")])
    assert (result.exit_code, "not in use" in result.output) == (0, True)


def test_json_holds_the_heartbeat_and_what_has_stopped(clinic: Clinic) -> None:
    clinic.set_beat(replace(well(), dead_letters=1))
    found = json.loads(clinic.ask("--json").stdout)
    assert (found["ok"], found["dead_letters"]) == (False, 1)
    assert [one["rule"] for one in found["problems"]] == ["delivery_stopped"]


def test_operators_are_told_once_of_each_outage_without_the_database(clinic: Clinic) -> None:
    clinic.set_beat(replace(well(), last_evaluation_at=now() - 30 * HOUR))
    for _ in range(3):
        assert clinic.ask("--notify").exit_code == 1
    assert clinic.subjects_told() == ["[high] Alerts are not evaluated"]
    assert "https://tracker.example/alerts" in str(clinic.mailbox.mails[0].get_content())
    clinic.set_beat(well())
    assert clinic.ask("--notify").exit_code == 0
    clinic.set_beat(replace(well(), last_evaluation_at=now() - 28 * HOUR))
    clinic.ask("--notify")
    assert len(clinic.subjects_told()) == 2
    assert len({mail["Message-ID"] for mail in clinic.mailbox.mails}) == 2


def test_the_same_trouble_later_is_another_message(clinic: Clinic) -> None:
    for letters in (2, 3, 0, 1):
        clinic.set_beat(replace(well(), dead_letters=letters))
        clinic.ask("--notify")
    assert len(clinic.subjects_told()) == 2
    assert len({mail["Message-ID"] for mail in clinic.mailbox.mails}) == 2


def test_who_could_not_be_told_is_told_by_the_next_call(clinic: Clinic) -> None:
    clinic.mailbox.answer_data = ["451 not now"]
    clinic.set_beat(replace(well(), last_evaluation_at=now() - 30 * HOUR))
    result = clinic.ask("--notify")
    assert (result.exit_code, "could not tell operator" in result.output) == (1, True)
    assert "told operator" in clinic.ask("--notify").output
    assert len(clinic.mailbox.taken) == 1


def test_what_a_runner_at_work_tells_as_an_alert_is_not_told_twice(clinic: Clinic) -> None:
    clinic.set_beat(replace(well(), failing={"webhook w": now() - 2 * HOUR}))
    assert clinic.ask("--notify").exit_code == 1
    assert not clinic.mailbox.taken


def test_a_broken_protocol_is_told_over_the_last_good_ones_channels(clinic: Clinic) -> None:
    keep_protocol(Workspace.open(clinic.home))
    clinic.set_beat(well())
    (clinic.home / "protocol.toml").write_text("[alerts")
    assert clinic.ask("--notify").exit_code == 1
    assert clinic.subjects_told() == ["[high] The protocol cannot be read"]


def test_a_disk_that_keeps_nothing_stops_no_notice(clinic: Clinic) -> None:
    clinic.set_beat(replace(well(), last_evaluation_at=now() - 30 * HOUR))
    (clinic.home / NOTICE).mkdir()
    (clinic.home / "alerts-notice.lock").mkdir()
    result = clinic.ask("--notify")
    assert len(clinic.mailbox.taken) == 1
    assert "who was told cannot be written" in result.output


def test_a_workspace_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["alerts", "health", "--home", str(tmp_path / "none")])
    assert result.exit_code == 2
