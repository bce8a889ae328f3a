"""Fetching from a real PACS: the same workspace as from a folder, whoever dies on the way."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pydicom
import pytest
from real_pacs import (
    NAME,
    REPOSITORY,
    VISITS,
    Done,
    Orthanc,
    list_content,
    response_command,
    run_here,
    wait_until,
    write_dicom_patient,
)

from response.errors import InputError
from response.pacs.query import Query
from response.pacs.retrieve import fetch
from response.pacs.spool import Spool
from response.pacs.tls import make_client_context
from response.pacs.web import Server, connect


def ingest(home: Path, *arguments: object) -> Done:
    return run_here("ingest", *arguments, "--home", home, "--marks-complete")


def start_ingest(home: Path, orthanc: Orthanc) -> subprocess.Popen[str]:
    return subprocess.Popen(
        response_command(
            *("ingest", "--home", home, "--marks-complete"),
            *("--dicomweb", orthanc.url, "--patient", "P1"),
        ),
        cwd=REPOSITORY,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def spooled(home: Path) -> list[Path]:
    return list((home / "spool").rglob("*.dcm"))


def read_folder(tmp_path: Path, folder: Path) -> list[tuple[object, ...]]:
    assert ingest(tmp_path / "by-folder", folder).returncode == 0
    return list_content(tmp_path / "by-folder")


def prepare(orthanc: Orthanc, waits: list[float] | None = None) -> Server:
    made = connect(orthanc.url, context=make_client_context())
    return Server(made.url, made.pool, made.headers, (waits if waits is not None else []).append)


def test_a_patient_fetched_is_the_patient_read_from_a_folder(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient)
    done = ingest(tmp_path / "home", "--dicomweb", orthanc.url, "--patient", "P1")
    assert done.returncode == 0, done.stderr
    assert "82 instances of 2 studies fetched, 0 of them before" in done.stderr
    assert list_content(tmp_path / "home") == read_folder(tmp_path, dicom_patient)
    assert not spooled(tmp_path / "home")
    said = done.stdout + done.stderr
    assert "P1" not in said
    assert NAME not in said


def test_an_accession_number_fetches_its_study_only(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient)
    home = tmp_path / "home"
    done = ingest(home, "--dicomweb", orthanc.url, "--accession", "ACCP11")
    assert done.returncode == 0, done.stderr
    assert [row[1] for row in list_content(home)] == ["2025-03-10"]


def test_an_unknown_patient_leaves_no_workspace_behind(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient)
    done = ingest(tmp_path / "home", "--dicomweb", orthanc.url, "--patient", "p1")
    assert done.returncode == 2
    assert "knows no study" in done.stderr
    assert not (tmp_path / "home").exists()


def test_what_the_store_refuses_stays_in_the_spool(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient)
    missing = sorted((dicom_patient / "study0").glob("0*.dcm"))[10]
    orthanc.clear()
    for path in sorted((dicom_patient / "study0").glob("*.dcm")):
        if path != missing:
            orthanc.ask("POST", "/instances", path.read_bytes())
    home = tmp_path / "home"
    done = ingest(home, "--dicomweb", orthanc.url, "--patient", "P1")
    assert done.returncode == 2
    assert "are kept in" in done.stderr
    assert len(spooled(home)) == 40
    assert all(path.stat().st_mode & 0o077 == 0 for path in spooled(home))
    orthanc.ask("POST", "/instances", missing.read_bytes())
    again = ingest(home, "--dicomweb", orthanc.url, "--patient", "P1")
    assert again.returncode == 0
    assert "41 instances of 1 studies fetched, 40 of them before" in again.stderr


def test_a_killed_fetch_goes_on_where_it_was(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient)
    home = tmp_path / "home"
    running = start_ingest(home, orthanc)
    wait_until(lambda: len(spooled(home)) >= 10)
    running.kill()
    running.communicate()
    kept = len(spooled(home))
    done = ingest(home, "--dicomweb", orthanc.url, "--patient", "P1")
    assert done.returncode == 0, done.stderr
    assert f"{kept} of them before" in done.stderr
    assert list_content(home) == read_folder(tmp_path, dicom_patient)


def test_a_pacs_that_dies_and_comes_back_is_waited_for(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient)
    home = tmp_path / "home"
    running = start_ingest(home, orthanc)
    wait_until(lambda: len(spooled(home)) >= 10)
    orthanc.stop(signal.SIGKILL)
    time.sleep(0.5)
    orthanc.start()
    _out, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert list_content(home) == read_folder(tmp_path, dicom_patient)


def test_a_pacs_that_stays_away_ends_the_fetch_and_nothing_is_lost(
    orthanc, dicom_patient, tmp_path
):
    orthanc.push(dicom_patient)
    spool, query, waits = Spool(tmp_path / "spool", b"key"), Query(patient="P1"), []

    def say(_what: str, done: int, _total: int) -> None:
        if done >= 20 and orthanc.process.poll() is None:
            orthanc.stop(signal.SIGKILL)

    with (
        pytest.raises(InputError, match="instances are kept, run the same command again"),
        fetch(prepare(orthanc, waits), query, spool, say),
    ):
        pass
    assert {0.5, 1.0, 2.0, 4.0, 8.0, 15.0} <= set(waits)  # of several connections, in any order
    kept = len(list(spool.folder.rglob("*.dcm")))
    assert 20 <= kept < 82
    orthanc.start()
    with fetch(prepare(orthanc), query, spool, lambda *_: None) as fetched:
        assert (fetched.instances, fetched.new) == (82, 82 - kept)


def test_two_processes_do_not_fetch_the_same(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient / "study0")
    spool, query = Spool(tmp_path / "spool", b"key"), Query(patient="P1")
    with (
        fetch(prepare(orthanc), query, spool, lambda *_: None),
        pytest.raises(InputError, match="another process"),
        fetch(prepare(orthanc), query, spool, lambda *_: None),
    ):
        pass


def test_one_accession_number_of_two_patients_is_refused(orthanc, tmp_path):
    for name in ("P1", "P2"):
        folder = write_dicom_patient(tmp_path / name, name, VISITS[:1])
        orthanc.push(_with_accession(folder, "SAME"))
    done = ingest(tmp_path / "home", "--dicomweb", orthanc.url, "--accession", "SAME")
    assert done.returncode == 2
    assert "2 patient identifiers" in done.stderr


def _with_accession(folder: Path, number: str) -> Path:
    for path in folder.rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.AccessionNumber = number
        dataset.save_as(path)
    return folder


@pytest.mark.heavy
def test_kills_of_both_sides_at_random_moments_lose_nothing(orthanc, dicom_patient, tmp_path):
    orthanc.push(dicom_patient)
    home, rng = tmp_path / "home", random.Random(4)
    for _round in range(12):
        running = start_ingest(home, orthanc)
        time.sleep(rng.uniform(1.5, 5.0))
        if rng.random() < 0.5:
            orthanc.stop(signal.SIGKILL)
            time.sleep(rng.uniform(0.0, 2.0))
            running.kill()
            orthanc.start()
        running.kill()
        running.communicate()
    done = ingest(home, "--dicomweb", orthanc.url, "--patient", "P1")
    assert done.returncode == 0, done.stderr
    assert list_content(home) == read_folder(tmp_path, dicom_patient)
    assert not spooled(home)
