"""Alerts from the command line: run, list, answer, and the messages."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_clinic import ALERTS_TOML, open_clinic, write_course
from click.testing import CliRunner, Result

from response.cli import main
from response.model import DeliveryAttempt
from response.store import Store
from response.terms import Outcome
from response.workspace import Workspace

TODAY = dt.datetime.now(dt.UTC).date()
LISTED = {
    *("rule", "severity", "subject", "time_point", "date", "tracking_id", "text", "provisional"),
    *("alert_id", "state", "since", "assignee", "suggestion", "numbers"),
}


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[tuple[Workspace, Store]]:
    workspace, store = open_clinic(tmp_path / "home")
    write_course(workspace, store, "P1", [30, 45])
    yield workspace, store
    store.close()


@pytest.fixture
def home(clinic: tuple[Workspace, Store]) -> Path:
    return clinic[0].home


def alerts(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["alerts", *words, "--home", str(home)])


def lines(done: Result) -> list[dict[str, object]]:
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def raise_one(home: Path) -> str:
    assert alerts(home, "run", "--no-deliver").exit_code == 0
    (listed,) = lines(alerts(home, "list", "--rule", "progression", "--json"))
    return str(listed["alert_id"])


def test_a_run_says_what_became_of_alerts_and_what_stands(home: Path) -> None:
    done = alerts(home, "run", "--no-deliver")
    assert "raised" in done.stdout
    assert "P1 T1 progression" in done.stdout
    assert f"{TODAY}: 1 raised; 1 alerts stand" in done.stdout
    assert f"{TODAY}: nothing new; 1 alerts stand" in alerts(home, "run", "--no-deliver").stdout


def test_a_run_for_machines_gives_counts_and_then_each_change(home: Path) -> None:
    summary, raised = lines(alerts(home, "run", "--no-deliver", "--json"))
    assert (summary["raised"], summary["open"], summary["messages"]) == (1, 1, 1)
    assert (raised["change"], raised["rule"], raised["subject"]) == ("raised", "progression", "P1")
    (summary,) = lines(alerts(home, "run", "--no-deliver", "--json"))
    assert "raised" not in summary


def test_what_was_never_evaluated_is_listed_without_being_written(
    home: Path, clinic: tuple[Workspace, Store]
) -> None:
    before = clinic[1].read_audit()
    done = alerts(home, "list", "--json")
    assert set(lines(done)[0]) >= LISTED
    assert "as the next 'response alerts run' will keep" in done.stderr
    assert clinic[1].read_audit() == before
    raise_one(home)
    assert alerts(home, "list").stderr == ""


def test_an_alert_that_is_listed_can_be_acknowledged_before_the_first_run(home: Path) -> None:
    (listed,) = lines(alerts(home, "list", "--json"))
    assert alerts(home, "ack", str(listed["alert_id"])).exit_code == 0
    (listed,) = lines(alerts(home, "list", "--json"))
    assert listed["state"] == "acknowledged"


def test_an_id_may_be_shortened(home: Path) -> None:
    alert_id = raise_one(home)
    assert alerts(home, "ack", alert_id[:6], "--note", "seen").exit_code == 0
    (listed,) = lines(alerts(home, "list", "--state", "acknowledged", "--json"))
    assert (listed["alert_id"], listed["note"]) == (alert_id, "seen")
    assert lines(alerts(home, "list", "--state", "open", "--json")) == []


def test_a_snoozed_alert_says_until_when(home: Path) -> None:
    until = str(TODAY + dt.timedelta(days=3))
    assert alerts(home, "snooze", raise_one(home), "--until", until).exit_code == 0
    (listed,) = lines(alerts(home, "list", "--json"))
    assert (listed["state"], listed["snoozed_until"]) == ("snoozed", until)


def test_an_alert_is_assigned_and_noted(home: Path) -> None:
    alert_id = raise_one(home)
    assert alerts(home, "assign", alert_id, "anna").exit_code == 0
    assert alerts(home, "note", alert_id, "asked the site").exit_code == 0
    (shown,) = lines(alerts(home, "show", alert_id, "--json"))
    assert (shown["assignee"], shown["state"]) == ("anna", "open")
    history = [(e["change"], e["value"], e["note"]) for e in shown["history"]]  # type: ignore[attr-defined]
    assert history[1:] == [("assigned", "anna", ""), ("noted", "", "asked the site")]
    assert "asked the site" in alerts(home, "show", alert_id).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ack", "zzz"], "no alert 'zzz'"),
        (["ack", ""], "no alert ''"),
        (["snooze", "ID", "--until", "2020-01-01"], "name a day after today"),
        (["snooze", "ID", "--until", "2099-01-01"], "at most 366 days"),
        (["note", "ID", " "], "a note says something"),
        (["retry"], "name one message, or --all-dead"),
        (["retry", "zzz"], "no message begins"),
    ],
)
def test_what_cannot_be_done_says_the_way_out(home: Path, words: list[str], said: str) -> None:
    alert_id = raise_one(home)
    done = alerts(home, *(alert_id if word == "ID" else word for word in words))
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_an_ended_alert_is_not_acknowledged_but_noted_and_listed_with_all(
    home: Path, clinic: tuple[Workspace, Store]
) -> None:
    alert_id = raise_one(home)
    write_course(*clinic, "P1", [30, 31])
    assert lines(alerts(home, "list", "--rule", "progression", "--json")) == []
    alerts(home, "run", "--no-deliver")
    done = alerts(home, "ack", alert_id)
    assert done.exit_code == 2
    assert "has ended (withdrawn on" in done.stderr
    assert alerts(home, "note", alert_id, "was a typing error").exit_code == 0
    listed = lines(alerts(home, "list", "--all", "--rule", "progression", "--json"))
    assert [one["state"] for one in listed] == ["withdrawn"]
    assert "T1 is SD now, sum 31 mm" in alerts(home, "show", alert_id).stdout


def test_the_list_is_chosen_by_subject_rule_and_severity(home: Path) -> None:
    assert lines(alerts(home, "list", "--subject", "P1", "--severity", "high", "--json"))
    assert lines(alerts(home, "list", "--severity", "low", "--json")) == []
    assert lines(alerts(home, "list", "--rule", "new_lesion", "--json")) == []
    assert alerts(home, "list", "--subject", "P9").exit_code == 2


def test_the_outbox_shows_what_waits_and_a_dead_letter_is_tried_again(
    home: Path, clinic: tuple[Workspace, Store]
) -> None:
    raise_one(home)
    (waiting,) = lines(alerts(home, "outbox", "--json"))
    assert (waiting["state"], waiting["recipient"], waiting["attempts"]) == ("waiting", "team", 0)
    now = dt.datetime.now(dt.UTC)
    dead = DeliveryAttempt("a1", str(waiting["message_id"]), now, Outcome.DEAD, "refused")
    clinic[1].alerts.append_attempts([dead], actor="system")
    assert len(lines(alerts(home, "outbox", "--state", "dead", "--json"))) == 1
    assert "1 to be tried again" in alerts(home, "retry", "--all-dead").stdout
    (again,) = lines(alerts(home, "outbox", "--json"))
    assert (again["state"], again["attempts"]) == ("waiting", 2)
    assert again["next_at"]


def test_a_day_that_is_only_shown_says_so(home: Path) -> None:
    raise_one(home)
    done = alerts(home, "run", "--as-of", "2025-03-03")
    assert done.exit_code == 0
    assert f"{TODAY} was evaluated already: nothing was written or sent" in done.stdout
    summary, held = lines(alerts(home, "run", "--as-of", "2025-03-03", "--json"))
    assert (summary["written"], held["change"], held["time_point"]) == (False, "holds", "T1")
    assert len(lines(alerts(home, "run", "--as-of", "2025-03-02", "--json"))) == 1


def test_a_message_that_cannot_be_delivered_ends_with_status_1(
    home: Path, clinic: tuple[Workspace, Store]
) -> None:
    raise_one(home)
    without = ALERTS_TOML[: ALERTS_TOML.index("[[alerts.recipients]]")]
    clinic[0].protocol_path.write_text(without, encoding="utf-8")
    done = alerts(home, "run")
    assert done.exit_code == 1
    assert "1 messages could not be delivered; 'response alerts outbox'" in done.stdout


def test_a_measurement_corrected_by_import_withdraws_its_alert(tmp_path: Path) -> None:
    home, folder = tmp_path / "trial", tmp_path / "sdtm"
    folder.mkdir()
    (folder / "tu.csv").write_text(
        "DOMAIN,STUDYID,USUBJID,TUTESTCD,TUORRES,TULNKID,TULOC,VISIT\n"
        "TU,ST1,P1,TUMIDENT,TARGET,T1,LIVER,BASELINE\n",
        encoding="utf-8",
    )
    for size in (45, 33):
        (folder / "tr.csv").write_text(
            "DOMAIN,STUDYID,USUBJID,TRTESTCD,TRLNKID,TRORRES,TRORRESU,VISIT,TRDTC\n"
            "TR,ST1,P1,LDIAM,T1,30,mm,BASELINE,2025-01-06\n"
            f"TR,ST1,P1,LDIAM,T1,{size},mm,WEEK 8,2025-03-03\n",
            encoding="utf-8",
        )
        done = CliRunner().invoke(main, ["import-sdtm", str(folder), "--home", str(home)])
        assert done.exit_code == 0
    (listed,) = lines(alerts(home, "list", "--state", "withdrawn", "--json"))
    assert listed["rule"] == "progression"
    assert listed["note"] == "the facts no longer say so: WEEK 8 is SD now, sum 33 mm"


def test_what_assesses_raises_alerts_by_the_way(home: Path) -> None:
    done = CliRunner().invoke(main, ["assess", "--home", str(home)])
    assert done.exit_code == 0
    assert "warning: mail server 127.0.0.1:9" in done.stderr
    (message,) = lines(alerts(home, "outbox", "--json"))
    assert (message["state"], message["attempts"]) == ("waiting", 1)
