"""Sending to a real PACS: what arrives is what was sent."""

from __future__ import annotations

import gc

import pydicom
import pytest
from real_pacs import free_port, run_here

# pynetdicom leaves the socket of a connection that failed to the garbage collection.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def arrived(orthanc) -> set[str]:
    found = orthanc.ask("GET", "/instances?expand")
    return {one["MainDicomTags"]["SOPInstanceUID"] for one in found}


def uids(folder) -> set[str]:
    return {str(pydicom.dcmread(path).SOPInstanceUID) for path in folder.rglob("*.dcm")}


def test_a_folder_is_stored_by_stow(orthanc, dicom_patient):
    done = run_here("send", dicom_patient / "study0", "--dicomweb", orthanc.url)
    assert done.returncode == 0, done.stderr
    assert "41 objects sent, 0 refused" in done.stdout
    assert arrived(orthanc) == uids(dicom_patient / "study0")


def test_a_folder_is_stored_by_c_store(orthanc, dicom_patient):
    target = f"ORTHANC@127.0.0.1:{orthanc.dicom_port}"
    done = run_here("send", dicom_patient / "study1", "--to", target)
    assert done.returncode == 0, done.stderr
    assert arrived(orthanc) == uids(dicom_patient / "study1")


def test_nobody_there_is_said_in_a_line(dicom_patient):
    done = run_here("send", dicom_patient, "--to", f"PACS@127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert "cannot be reached" in done.stderr
    gc.collect()


@pytest.mark.parametrize("target", ["PACS", "PACS@host", "@host:1", "PACS@host:x", "PACS@h:0"])
def test_a_target_is_title_host_and_port(dicom_patient, target):
    assert run_here("send", dicom_patient, "--to", target).returncode == 2


def test_a_damaged_file_stops_before_anything_is_sent(orthanc, dicom_patient, tmp_path):
    (tmp_path / "a.dcm").write_bytes(next(dicom_patient.rglob("*.dcm")).read_bytes())
    (tmp_path / "b.dcm").write_bytes(b"no DICOM")
    done = run_here("send", tmp_path, "--dicomweb", orthanc.url)
    assert done.returncode == 2
    assert not arrived(orthanc)
