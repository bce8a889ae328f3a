"""A process that reads damaged files one by one, and says of each what became of it.

``python dicom_fuzz.py SEEDS WORK FIRST LAST EVERY``: case n is made from a random seed n, so that
it can be made again alone. One JSON line a case; every EVERY-th goes through the whole main path.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import resource
import shutil
import sys
import time
import traceback
from pathlib import Path

from dicom_mutations import mutate

from response.errors import InputError
from response.geometry import Grid
from response.ingest.dicom_plan import plan_dicom
from response.ingest.run import ingest_paths
from response.ingest.sources import Plan
from response.store import Store
from response.workspace import Workspace

TODAY = dt.date(2026, 1, 1)
MEMORY_BYTES = 8 * 2**30
"""More than is allowed: what is over the limit shall be seen, and not refused by chance."""

COMPRESSED = ("rle", "jpegls", "jpeg", "jpeg2000")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NAMES = (
    *("series", "image", "segmentation", "contours", "drawing", "report", "annotation", "P1"),
    *("not read", "cannot be read", "StudyDate", "PatientID"),
)


class Guard:
    """Notes what Python writes, makes, moves, removes or starts outside one folder."""

    def __init__(self) -> None:
        self.inside = ""
        self.outside: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, args: tuple[object, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            wrote = (isinstance(mode, str) and set(mode) & set("wax+")) or (
                isinstance(flags, int) and flags & WRITING
            )
            if wrote:
                self._check(event, path)
        elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.chmod"):
            self._check(event, args[0])
        elif event == "os.rename":
            self._check(event, args[1])
        elif event in ("os.system", "os.exec", "socket.connect", "subprocess.Popen"):
            self._check_start(event, args)

    def _check_start(self, event: str, args: tuple[object, ...]) -> None:
        command = args[1] if event == "subprocess.Popen" else ()
        if not (isinstance(command, list) and command[-1] == "response.ingest.decode_worker"):
            self.outside.append(f"{event} {args}")

    def _check(self, event: str, path: object) -> None:
        if not self.inside or isinstance(path, int):
            return
        place = os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]
        if not place.startswith(self.inside) and place != "/dev/null":
            self.outside.append(f"{event} {place}")


def read(folder: Path) -> tuple[dict[str, int], list[str]]:
    """Read a folder as the main job does, but keep nothing: how much there was, what is said."""
    plan, said = Plan(), []
    got = {"scans": 0, "voxels": 0, "labels": 0, "numbers": 0}
    try:
        plan_dicom([folder], plan, today=TODAY, marks_complete=False)
    except InputError as error:
        said.append(str(error))
    for source in plan.sources:
        for scan in source.scans:
            said.append(scan.chosen_because.partition("; not taken: ")[2])
            try:
                image = scan.read()
                assert scan.origin is not None
                scan.origin()
                for mark in scan.marks:
                    assert mark.read is not None
                    labels = mark.read(Grid.of(image))
                    said += labels.warnings
                    got["labels"] += len(labels.labels)
                got["scans"] += 1
                got["voxels"] += image.GetNumberOfPixels()
            except InputError as error:
                said.append(str(error))
            except MemoryError:
                said.append("image: too large")
    got["numbers"] = sum(len(group.numbers) for one in plan.reports for group in one.groups)
    return got, said + [one.reason for one in plan.refused] + plan.warnings


def ingest(folder: Path, home: Path) -> list[str]:
    """Read a folder by the whole main path, into a workspace of its own."""
    workspace = Workspace.open(home)
    store = Store(workspace)
    try:
        report = ingest_paths([folder], workspace, store, actor="tester")
    except InputError as error:
        return [str(error)]
    finally:
        store.close()
    return [one.reason for one in report.refused] + list(report.warnings)


def peak_mb() -> float:
    """The most memory this process held since it was last asked, or any child ever."""
    status = Path("/proc/self/status").read_text()
    own = int(status.split("VmHWM:")[1].split()[0])
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    Path("/proc/self/clear_refs").write_text("5")
    return max(own, children) / 1024


def spend() -> float:
    """Seconds of computing so far, children that ended included: little depends on other jobs."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def make_case(number: int, seeds: Path, folder: Path) -> tuple[str, str, str]:
    """Make one damaged folder: returns its seed's name, how it was damaged, and the file."""
    rng = random.Random(number)
    names = sorted(path.name for path in seeds.iterdir())
    weights = [0.4 if name in COMPRESSED else 1.0 for name in names]
    seed = rng.choices(names, weights)[0]
    shutil.copytree(seeds / seed, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    drawn = [path for path in files if not path.name.startswith("0")]
    path = rng.choice(drawn if drawn and rng.random() < 0.85 else files)
    return seed, mutate(rng, path), path.name


def judge(
    got: dict[str, int], usual: dict[str, int], said: list[str], name: str, outside: list[str]
) -> str:
    """Say what is wrong with what became of a case; empty: nothing."""
    if outside:
        return f"outside the workspace: {outside[:3]}"
    if any("Secret" in text for text in said):
        return "a patient's name is said"
    plain = "annotation" in name  # another element's name is other XML, as good as any
    lost = [what for what in usual if got[what] < usual[what] and not plain]
    named = [text for text in said if name in text or any(word in text for word in _NAMES)]
    return f"lost without a word: {lost}; said {said}" if lost and not named else ""


def main(seeds: Path, work: Path, first: int, last: int, every: int) -> None:
    """Read all cases from first to before last."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    guard = Guard()
    usual = {path.name: read(path)[0] for path in seeds.iterdir()}
    for number in range(first, last):
        case = work / f"case{number}"
        shutil.rmtree(case, ignore_errors=True)
        (case / "empty").mkdir(parents=True)
        seed, how, name = make_case(number, seeds, case / "in")
        print(json.dumps({"begun": number, "seed": seed, "how": how}), flush=True)
        os.chdir(case / "empty")
        peak_mb()
        guard.inside, begun, spent = str(case.resolve() / "home"), time.monotonic(), spend()
        try:
            got, said = read(case / "in")
            if number % every == 0:
                ingest(case / "in", case / "home" / "here")
            seconds = time.monotonic() - begun
            problem = judge(got, usual[seed], said, name, guard.outside)
        except Exception:
            got, said, seconds = {}, [], time.monotonic() - begun
            problem = "crash: " + traceback.format_exc(limit=-6)
        spent = spend() - spent
        guard.inside, guard.outside = "", []
        if {path.name for path in case.iterdir()} - {"in", "home", "empty"} or any(
            (case / "empty").iterdir()
        ):
            problem = f"files beside the workspace: {sorted(case.rglob('*'))}"
        line = {"number": number, "seed": seed, "how": how, "file": name, "problem": problem}
        line |= {
            "seconds": seconds,
            "spent": spent,
            "peak_mb": peak_mb(),
            "kept": got == usual[seed],
        }
        print(json.dumps(line), flush=True)
        os.chdir(work)
        shutil.rmtree(case, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(int(word) for word in sys.argv[3:6]))
