"""``heartbeat_url`` is asked after good evaluations only, and never holds a runner up."""

from __future__ import annotations

import datetime as dt
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from response.alerts.runner.beat import Beat
from response.alerts.runner.outside import tell_outside
from response.alerts.settings import AlertSettings
from response.cli import main
from response.workspace import Workspace

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
WELL = Beat(last_evaluation_at=NOON)


@dataclass
class Watcher:
    """A service outside that expects to be asked."""

    status: int = 200
    drip_s: float = 0
    asked: list[str] = field(default_factory=list)


@contextmanager
def watching(watcher: Watcher) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watcher.asked.append(self.path)
            if watcher.drip_s:
                self.wfile.write(b"H")
                time.sleep(watcher.drip_s)
                return
            self.send_response(watcher.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ping/secret"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_good_evaluation_is_told_outside() -> None:
    watcher = Watcher()
    with watching(watcher) as url:
        assert tell_outside(url, WELL) == ""
    assert watcher.asked == ["/ping/secret"]
    assert tell_outside("", WELL) == ""


@pytest.mark.parametrize(
    "beat", [Beat(evaluations_failed=1), Beat(failing={"mail server m:25": NOON})]
)
def test_while_nothing_gets_through_it_is_left_to_whoever_watches_outside(beat: Beat) -> None:
    watcher = Watcher()
    with watching(watcher) as url:
        assert "not asked" in tell_outside(url, beat)
    assert not watcher.asked


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_answer_is_said_without_the_address_and_not_followed(status: int) -> None:
    watcher = Watcher(status)
    with watching(watcher) as url:
        said = tell_outside(url, WELL)
    assert said == f"heartbeat_url: answered {status}"
    assert len(watcher.asked) == 1


def test_an_answer_letter_by_letter_holds_nobody_up() -> None:
    begun = time.monotonic()
    with watching(Watcher(drip_s=3)) as url:
        assert tell_outside(url, WELL, whole_s=0.5).startswith("heartbeat_url: ")
        assert time.monotonic() - begun < 2.5


def test_nobody_there_is_said_without_the_address() -> None:
    said = tell_outside("http://127.0.0.1:9/ping/secret", WELL)
    assert "could not be reached" in said
    assert "secret" not in said


def test_another_machine_is_asked_over_https_only() -> None:
    with pytest.raises(ValueError, match=r"plain http to example\.org"):
        AlertSettings(heartbeat_url="http://example.org/ping")
    assert "plain http" in tell_outside("http://example.org/ping", WELL)


def test_alerts_run_asks_it(tmp_path: Path) -> None:
    watcher = Watcher()
    with watching(watcher) as url:
        Workspace.open(tmp_path)
        (tmp_path / "protocol.toml").write_text(f'[alerts]\nheartbeat_url = "{url}"\n')
        result = CliRunner().invoke(main, ["alerts", "run", "--home", str(tmp_path)])
    assert result.exit_code == 0
    assert watcher.asked == ["/ping/secret"]
