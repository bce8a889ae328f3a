"""The worker process: killable, limited, gone without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import SimpleITK as sitk

from response.errors import RegistrationError
from response.register import register, stop_workers
from response.register.process import scratch_folder

REPOSITORY = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def workers(mark: str) -> list[int]:
    """Process numbers of registration workers whose job lies under a path with ``mark``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().decode()
            except OSError:
                continue
            if "response.register.worker" in line and mark in line:
                found.append(int(entry.name))
    return found


def wait_for(condition: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def scans(body: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    sitk.WriteImage(body.scan(), folder / "fixed.nrrd")
    sitk.WriteImage(body.scan(noise_seed=1), folder / "moving.nrrd")
    (tmp_path / "private").mkdir()
    return tmp_path


def kill_first(scans: Path) -> None:
    os.kill(workers(str(scans))[0], signal.SIGKILL)


@linux
@pytest.mark.parametrize("end", [kill_first, lambda scans: stop_workers()])
def test_a_killed_worker_is_an_error_that_leaves_nothing(scans: Path, end: Any) -> None:
    problems: list[RegistrationError] = []

    def run() -> None:
        try:
            register(
                scans / "scans" / "fixed.nrrd",
                scans / "scans" / "moving.nrrd",
                scans / "out",
                private=scans / "private",
            )
        except RegistrationError as problem:
            problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: workers(str(scans)))
    end(scans)
    thread.join(60)
    assert "SIGKILL" in str(problems[0])
    assert not list((scans / "private").iterdir())
    assert not (scans / "out").exists()


@linux
def test_a_worker_dies_with_its_parent_and_the_next_sweeps_up(scans: Path) -> None:
    code = (
        "from pathlib import Path; from response.register import register; import sys; "
        "a, b, c, d = map(Path, sys.argv[1:]); register(a, b, c, private=d)"
    )
    places = [scans / "scans/fixed.nrrd", scans / "scans/moving.nrrd", scans / "out"]
    parent = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, places), str(scans / "private")], cwd=REPOSITORY
    )
    wait_for(lambda: workers(str(scans)))
    parent.kill()
    parent.wait()
    wait_for(lambda: not workers(str(scans)), 10)
    assert len(list((scans / "private").iterdir())) == 1
    with scratch_folder(scans / "private") as mine:
        assert list((scans / "private").iterdir()) == [mine]
    assert not (scans / "out").exists()


def test_a_folder_in_use_is_not_swept(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as first, scratch_folder(tmp_path) as second:
        assert {first, second} == set(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_the_working_folder_is_nobody_elses(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o077 == 0


def test_the_working_folder_goes_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="anything"), scratch_folder(tmp_path):
        raise ValueError("anything")
    assert not list(tmp_path.iterdir())
