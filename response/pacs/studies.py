"""Studies as they come in: where each object is kept, and when a study is complete.

One folder per study, ``received/<name>/``, files under opaque names, and beside it
``<name>.json``: what became of the study, and of which files. Everything else is found again from
the files at a start. Studies of one patient and day are one time point: they are taken together.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from response.errors import InputError
from response.pacs.files import Identity, read_identity, same_object
from response.pacs.spool import (
    SUFFIX,
    Spool,
    keep_file,
    list_files,
    make_folder,
    read_json,
    write_json,
)

LONGEST_OPEN_S = 600.0
"""An association that is still open holds a study back for so long after its last instance."""
RETRIES = 5
FIRST_RETRY_S = 60.0


class Kept(Enum):
    """What became of an object that was sent."""

    NEW = "new"
    AGAIN = "again"
    DIFFERENT = "different"


class Outcome(Enum):
    """What became of a study: ``FAILED`` is tried again, ``REFUSED`` when more of it comes."""

    DONE = "done"
    IN_PART = "in part"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(slots=True)
class Study:
    """One study in the spool.

    ``day`` is the opaque name of its patient and date; ``handled`` the digest of the files that
    were dealt with last; ``busy`` the open associations that brought some of it.
    """

    folder: Path
    day: str
    count: int = 0
    last_s: float = 0.0
    handled: str = ""
    outcome: Outcome | None = None
    tries: int = 0
    again_s: float = 0.0
    busy: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        """What the study is called in log lines."""
        return self.folder.name[:12]


@dataclass(frozen=True, slots=True)
class Work:
    """Studies of one patient and day that are complete, and the digest of each one's files."""

    day: str
    studies: tuple[Study, ...]
    digests: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the studies are called in log lines."""
        return " ".join(study.name for study in self.studies)

    @property
    def count(self) -> int:
        """How many objects they have."""
        return sum(study.count for study in self.studies)


class Studies:
    """All studies in the spool; used by several threads.

    Parameters
    ----------
    spool
        Whose ``received`` folder this is.
    idle_s
        A study is complete when nothing of it has come for so long.
    clock
        Seconds that never go back.
    """

    def __init__(
        self, spool: Spool, idle_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._spool = spool
        self._idle_s = idle_s
        self._clock = clock
        self._lock = threading.Lock()
        self._studies: dict[str, Study] = {}
        self._places: dict[str, str] = {}
        self.folder = make_folder(spool.folder / "received")
        for place in sorted(path for path in self.folder.iterdir() if path.is_dir()):
            self._find_again(place)

    def _find_again(self, place: Path) -> None:
        """Find a study that an earlier process received."""
        day, count = "", 0
        for path in list_files(place):
            count += 1
            self._places[path.stem] = place.name
            if not day:
                try:
                    day = self._name_day(read_identity(path))
                except InputError:
                    continue
        if not count:
            return
        study = Study(place, day or place.name, count, self._clock())
        said = read_json(find_outcome(place))
        study.handled = str(said.get("files", ""))
        study.outcome = next((one for one in Outcome if one.value == said.get("outcome")), None)
        if study.outcome is Outcome.FAILED:
            study.handled = ""
        self._studies[place.name] = study

    def _name_day(self, identity: Identity) -> str:
        return self._spool.name("day", identity.patient_id, identity.study_date)

    def keep(self, temporary: Path, identity: Identity, association: int) -> tuple[Kept, Study]:
        """Keep an object: when this returns ``NEW`` or ``AGAIN`` it is on disk under its name.

        An object that is there already is not written again; a different one under the same UID
        is not kept.
        """
        name = self._spool.name("instance", identity.sop_uid)
        with self._lock:
            study = self._open_study(identity)
            study.busy.add(association)
            study.last_s = self._clock()
            known = self._places.get(name)
            if known is not None:
                there = self._studies[known].folder / f"{name}{SUFFIX}"
                same = known == study.folder.name and same_object(there, temporary)
                return (Kept.AGAIN if same else Kept.DIFFERENT), study
            keep_file(temporary, study.folder / f"{name}{SUFFIX}")
            self._places[name] = study.folder.name
            study.count += 1
            study.last_s = self._clock()
            return Kept.NEW, study

    def _open_study(self, identity: Identity) -> Study:
        name = self._spool.name("study", identity.study_uid)
        if name not in self._studies:
            folder = make_folder(self.folder / name)
            self._studies[name] = Study(folder, self._name_day(identity))
        return self._studies[name]

    def close(self, association: int) -> None:
        """Note that an association has ended."""
        with self._lock:
            for study in self._studies.values():
                if association in study.busy:
                    study.busy.discard(association)
                    study.last_s = self._clock()

    def find_work(self) -> list[Work]:
        """Find studies that are complete and not dealt with, those of one day together."""
        with self._lock:
            days: dict[str, list[Study]] = {}
            for study in self._studies.values():
                if study.count:
                    days.setdefault(study.day, []).append(study)
            made = [self._plan(day, studies) for day, studies in sorted(days.items())]
        return [work for work in made if work is not None]

    def _plan(self, day: str, studies: list[Study]) -> Work | None:
        now = self._clock()
        if not all(self._is_quiet(study, now) for study in studies):
            return None
        digests = tuple(digest_names(study.folder) for study in studies)
        fresh = any(s.handled != digest for s, digest in zip(studies, digests, strict=True))
        return Work(day, tuple(studies), digests) if fresh else None

    def _is_quiet(self, study: Study, now: float) -> bool:
        wait = self._idle_s if not study.busy else max(self._idle_s, LONGEST_OPEN_S)
        return now >= study.last_s + wait and now >= study.again_s

    def note(self, work: Work, outcome: Outcome, details: dict[str, object]) -> None:
        """Write down what became of studies; what failed is tried again, later each time."""
        with self._lock:
            for study, digest in zip(work.studies, work.digests, strict=True):
                failed = outcome is Outcome.FAILED
                study.outcome, study.tries = outcome, study.tries + 1 if failed else 0
                study.again_s = 0.0
                study.handled = digest
                if failed and study.tries < RETRIES:
                    study.handled = ""
                    study.again_s = self._clock() + FIRST_RETRY_S * 2 ** (study.tries - 1)
                told = {"files": digest, "outcome": outcome.value, **details}
                write_json(find_outcome(study.folder), told)

    def forget_old(self, keep_s: float) -> list[Study]:
        """Remove studies that the store has taken whole, when nothing came for `keep_s`."""
        now = time.time()
        with self._lock:
            old = [
                study
                for study in self._studies.values()
                if study.outcome is Outcome.DONE
                and not study.busy
                and study.handled == digest_names(study.folder)
                and find_outcome(study.folder).stat().st_mtime + keep_s < now
            ]
            for study in old:
                del self._studies[study.folder.name]
                names = {path.stem for path in list_files(study.folder)}
                self._places = {k: v for k, v in self._places.items() if k not in names}
                shutil.rmtree(study.folder, ignore_errors=True)
                find_outcome(study.folder).unlink(missing_ok=True)
        return old


def find_outcome(folder: Path) -> Path:
    """Give the file that says what became of a study: beside its folder, which is only DICOM."""
    return folder.with_suffix(".json")


def digest_names(folder: Path) -> str:
    """Compute the digest of the names in a study's folder; a file never changes under its name."""
    return _digest(path.name for path in list_files(folder))


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
