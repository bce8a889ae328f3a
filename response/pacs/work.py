"""The child process of the listener: the main job on what came in of one patient and day.

``python -m response.pacs.work JOB.json``. A file that brings a decoder down takes this process with
it, not the listener. What was refused, with the subject, is written to the outcome, never printed.
"""

from __future__ import annotations

import datetime as dt
import json
import signal
import sys
from pathlib import Path
from typing import Any

from response.alerts.after import run_after
from response.deidentify.job import ingest_deidentified
from response.errors import ResponseError
from response.ingest.run import ingest_paths
from response.model import Refusal
from response.pacs.spool import write_json
from response.pacs.studies import Outcome
from response.pipeline import assess_all, track_all
from response.register.worker import die_with_parent
from response.store import Store
from response.workspace import Workspace


def main(arguments: list[str]) -> int:
    """Do the job named by a file; the outcome is a file beside it."""
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    die_with_parent(job["parent"])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        told = process(job)
    except ResponseError as error:
        told = {"outcome": Outcome.FAILED.value, "refused": [str(error)]}
    except KeyboardInterrupt:
        return 130
    write_json(Path(job["told"]), told)
    return 0


def process(job: dict[str, Any]) -> dict[str, Any]:
    """Ingest, track and assess; say what became of it."""
    workspace = Workspace.open(Path(job["home"]), create=False)
    store = Store(workspace, keep=True)
    ingest = ingest_deidentified if job["deidentify"] else ingest_paths
    report = ingest(
        [Path(folder) for folder in job["folders"]],
        workspace,
        store,
        subjects_csv=Path(job["subjects"]) if job["subjects"] else None,
        marks_complete=job["marks_complete"],
        actor=job["actor"],
    )
    told: dict[str, Any] = {
        "taken": len(report.taken),
        "unchanged": len(report.unchanged),
        "refused": [str(refusal) for refusal in report.refused],
        "warnings": list(report.warnings),
    }
    names = {subject for subject, _time_point in (*report.taken, *report.unchanged)}
    if not names:
        return told | {"outcome": Outcome.REFUSED.value}
    refused = _derive(workspace, store, names, job)
    told["warnings"] += run_after(workspace, store, now=dt.datetime.now(dt.UTC), actor=job["actor"])
    told["refused"] = [*told["refused"], *(str(refusal) for refusal in refused)]
    outcome = Outcome.IN_PART if report.refused or refused else Outcome.DONE
    return told | {"outcome": outcome.value}


def _derive(
    workspace: Workspace, store: Store, names: set[str], job: dict[str, Any]
) -> list[Refusal]:
    subjects = [subject for subject in store.read_subjects() if subject.subject in names]
    tracked = track_all(workspace, store, subjects, actor=job["actor"], workers=job["workers"])
    whole = [subject for subject in subjects if subject.subject not in tracked.failed]
    assessed = assess_all(workspace, store, whole, actor=job["actor"])
    return [*tracked.refused, *assessed.refused]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
