"""A running PACS, a patient as DICOM, certificates."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from real_pacs import ORTHANC, PASSWORD, PLUGIN, USER, Orthanc, free_port, write_dicom_patient


@pytest.fixture(scope="session")
def running_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    if not Path(ORTHANC).exists() or not PLUGIN.exists():
        pytest.skip("Orthanc with its DICOMweb plugin is not installed (orthanc-dicomweb)")
    made = Orthanc(tmp_path_factory.mktemp("orthanc"), free_port(), free_port())
    made.start()
    yield made
    made.stop()


@pytest.fixture
def orthanc(running_orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orthanc]:
    monkeypatch.setenv("RESPONSE_DICOMWEB_USER", USER)
    monkeypatch.setenv("RESPONSE_DICOMWEB_PASSWORD", PASSWORD)
    yield running_orthanc
    if not running_orthanc.is_running():  # a test that failed must not fail all others
        running_orthanc.start()
    running_orthanc.clear()


@pytest.fixture(scope="session")
def dicom_patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dicom_patient(tmp_path_factory.mktemp("patient"))


@dataclass(frozen=True)
class Certificates:
    """An authority, and a certificate with key that it signed for 127.0.0.1 and localhost."""

    authority: Path
    cert: Path
    key: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA",
            "-days", "2", "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    openssl("req", *key, "-keyout", "one.key", "-out", "one.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "one.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "names", "-out", "one.pem")  # fmt: skip
    return Certificates(folder / "ca.pem", folder / "one.pem", folder / "one.key")
