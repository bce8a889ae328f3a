"""WADO-RS: fetch what a query found into the spool, going on where an earlier try ended."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from response.errors import InputError
from response.pacs.files import read_identity, refuse_cut_file
from response.pacs.query import Listing, Query, Wanted, find_instances
from response.pacs.spool import (
    SUFFIX,
    Spool,
    keep_file,
    list_files,
    make_folder,
    write_json,
)
from response.pacs.web import INSTANCE_BYTES, Server, get_instance

CONNECTIONS = 4
RESERVE_BYTES = 2**30
"""So much of the disk stays free: the store has to take what was fetched."""

FETCHING = "fetching"
STEP = 20
"""Progress is said after so many instances."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is in the spool now.

    Attributes
    ----------
    folder
        Holds the DICOM files, and nothing else.
    instances, new
        How many there are, and how many of them came in this time.
    listing
        What the query found.
    """

    folder: Path
    instances: int
    new: int
    listing: Listing

    def forget(self) -> None:
        """Remove the files: the store has them."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


@contextmanager
def fetch(server: Server, query: Query, spool: Spool, progress: Progress) -> Iterator[Fetched]:
    """Fetch every instance of a query; nobody else touches them while the caller works.

    An instance that is in the spool already is not fetched again. Each is written beside, checked
    (it is DICOM to its end, and the object and patient that were asked for), synced and renamed.

    Raises
    ------
    InputError
        Something could not be had; what was fetched until then is kept for the next try.
    """
    place = spool.folder / "fetched" / spool.name("query", server.url, *map(str, astuple(query)))
    listing = find_instances(server, query)
    make_folder(place)
    with _only_one(place):
        folder = make_folder(place / "files")
        names = {f"{spool.name('instance', one.sop_uid)}{SUFFIX}": one for one in listing.instances}
        write_json(place / "expected.json", {name: astuple(one) for name, one in names.items()})
        for path in folder.iterdir():
            if path.name not in names:  # half of a file, or no longer at the PACS
                path.unlink()
        missing = {name: one for name, one in names.items() if not (folder / name).is_file()}
        _fetch_all(server, missing, folder, progress, len(names))
        yield Fetched(folder, len(names), len(missing), listing)


@contextmanager
def _only_one(place: Path) -> Iterator[None]:
    handle = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError("dicomweb: another process is fetching the same; wait for it") from None
    finally:
        os.close(handle)


def _fetch_all(
    server: Server, missing: dict[str, Wanted], folder: Path, progress: Progress, total: int
) -> None:
    kept = total - len(missing)
    progress(FETCHING, kept, total)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        running = [pool.submit(_fetch_one, server, one, folder / n) for n, one in missing.items()]
        try:
            for done, finished in enumerate(as_completed(running), 1):
                finished.result()
                if done % STEP == 0 or kept + done == total:
                    progress(FETCHING, kept + done, total)
        except BaseException as error:
            pool.shutdown(wait=True, cancel_futures=True)
            if not isinstance(error, InputError):
                raise
            there = sum(1 for _path in list_files(folder))
            raise InputError(
                f"{error}; {there} of {total} instances are kept, run the same command again "
                "to go on"
            ) from None


def _fetch_one(server: Server, wanted: Wanted, target: Path) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < RESERVE_BYTES:
        raise InputError("dicomweb: the disk is nearly full; make room")
    temporary = target.with_suffix(".part")
    try:
        with temporary.open("wb") as file:
            get_instance(server, wanted.path, file, limit=min(free, INSTANCE_BYTES))
        _check(temporary, wanted)
        keep_file(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _check(path: Path, wanted: Wanted) -> None:
    """Refuse a file that is not whole, or not the object of the patient that was asked for."""
    try:
        found = read_identity(path)
        refuse_cut_file(path)
    except InputError:
        raise InputError("dicomweb: an object the server sent is damaged") from None
    asked = (wanted.patient_id, wanted.study_uid, wanted.series_uid, wanted.sop_uid)
    if asked != (found.patient_id, found.study_uid, found.series_uid, found.sop_uid):
        raise InputError("dicomweb: the server sent another object than the one asked for")
