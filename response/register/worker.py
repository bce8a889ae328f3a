"""The child process: one registration, then the end. Started by :mod:`response.register.process`.

``python -m response.register.worker JOB.json``. ITK's thread number comes from the environment,
which must be set before this process starts.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from response.errors import RegistrationError, ResponseError

PR_SET_PDEATHSIG = 1
"""Linux: the signal this process gets when its parent dies (prctl(2))."""


def main(arguments: list[str]) -> int:
    """Do the job; what went wrong is written beside it, for the parent to raise."""
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    die_with_parent(job["parent"])
    try:
        _work(job)
    except ResponseError as problem:
        quality = problem.quality if isinstance(problem, RegistrationError) else {}
        told = {"kind": type(problem).__name__, "message": str(problem), "quality": quality}
        Path(job["error"]).write_text(json.dumps(told), encoding="utf-8")
        return 1
    return 0


def _work(job: dict[str, Any]) -> None:
    from response.register.align import register_scans
    from response.register.engines import ENGINES
    from response.register.inputs import guess_modality, read_scan

    began = time.monotonic()
    fixed = read_scan(Path(job["fixed"]), "fixed")
    moving = read_scan(Path(job["moving"]), "moving")
    modality = job["modality"] or guess_modality(fixed, moving)
    engine = ENGINES[job["engine"]]
    outcome = register_scans(fixed, moving, modality, engine, Path(job["scratch"]))
    out = Path(job["out"])
    outcome.transform.save(out)
    verdict, figures = outcome.verdict, outcome.figures
    bent = verdict.keep == "deformable"
    told = {
        "seconds": round(time.monotonic() - began, 3),
        "similarity": figures.similarity if bent else figures.similarity_rigid,
        "folded_fraction": figures.folded_fraction if bent else 0.0,
        "trusted": verdict.trusted,
        "reason": verdict.reason,
        "engine": job["engine"] if bent else verdict.keep,
        "parameters": job["parameters"],
        "expected_error_mm": round(verdict.expected_error_mm, 2),
        "figures": figures.as_dict(),
    }
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (out / "registration.json").write_text(text + "\n", encoding="utf-8")


def die_with_parent(parent: int) -> None:
    """A worker whose parent was killed must not go on working for nobody."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
