"""The main job on received studies, one child process at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from response.pacs.spool import read_json
from response.pacs.studies import Outcome, Work

TIME_LIMIT_S = 4 * 3600.0
"""A job that takes longer is ended, and tried again later."""

ENDING_S = 15.0


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How what comes in is read: as by ``ingest`` and ``track``."""

    actor: str
    workers: int = 2
    marks_complete: bool = False
    deidentify: bool = False
    subjects: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a job."""

    work: Work
    outcome: Outcome
    told: dict[str, Any]


class Runner:
    """Runs one job at a time in a process of its own.

    Parameters
    ----------
    home
        The workspace.
    folder
        A private folder for the job's papers.
    options
        How to read.
    """

    def __init__(self, home: Path, folder: Path, options: JobOptions) -> None:
        self._home, self._folder, self._options = home, folder, options
        self._child: subprocess.Popen[bytes] | None = None
        self._work: Work | None = None
        self._began_s = 0.0

    @property
    def busy(self) -> bool:
        """Whether a job runs, or has ended and was not asked after."""
        return self._child is not None

    def start(self, work: Work) -> None:
        """Start the job."""
        job = {
            "home": str(self._home),
            "folders": [str(study.folder) for study in work.studies],
            "told": str(self._folder / "told.json"),
            "parent": os.getpid(),
            **asdict(self._options),
        }
        (self._folder / "told.json").unlink(missing_ok=True)
        (self._folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        with (self._folder / "log.txt").open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "response.pacs.work", str(self._folder / "job.json")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._work, self._began_s = work, time.monotonic()

    def poll(self) -> Finished | None:
        """Give what became of the job once it has ended."""
        if self._child is None or self._work is None:
            return None
        if self._child.poll() is None:
            if time.monotonic() - self._began_s < TIME_LIMIT_S:
                return None
            self.stop()
            return self._finish({"problem": f"it took longer than {TIME_LIMIT_S:g} s"})
        told = read_json(self._folder / "told.json") if self._child.returncode == 0 else {}
        return self._finish(told or {"problem": f"it ended with {self._child.returncode}"})

    def _finish(self, told: dict[str, Any]) -> Finished:
        assert self._work is not None
        work, self._child, self._work = self._work, None, None
        outcome = Outcome(told.pop("outcome", Outcome.FAILED.value))
        if outcome is Outcome.FAILED:
            log = (self._folder / "log.txt").read_bytes()[-20_000:]
            told["log"] = log.decode("utf-8", "replace").splitlines()
        return Finished(work, outcome, told)

    def stop(self) -> None:
        """End the job; it is done again at the next start."""
        if self._child is None or self._child.poll() is not None:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
