"""Listening to a real PACS and to dcmtk: what is acknowledged is there, whoever dies."""

from __future__ import annotations

import contextlib
import gc
import random
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pydicom
import pytest
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage
from real_pacs import (
    NAME,
    REPOSITORY,
    free_port,
    list_content,
    response_command,
    run_here,
    wait_until,
)

from response.pacs.files import refuse_cut_file

# pynetdicom leaves a refused connection's socket to the garbage collection.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

IDLE_LONG = ("--idle-seconds", 3600)


@dataclass
class Listener:
    """The command ``listen`` as a process; started again it goes on with the same workspace."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self, *options: object, allow=("--allow", "ORTHANC=127.0.0.1", "--allow", "DCMTK")):
        before = self.said().count("listening as")
        with (self.folder / "said.txt").open("ab") as said:
            self.process = subprocess.Popen(
                response_command(
                    *("listen", "--home", self.home, "--port", self.port, *allow),
                    *("--marks-complete", "--reserve-mb", 1, *options),
                ),
                cwd=REPOSITORY,
                stdout=said,
                stderr=said,
            )
        wait_until(lambda: self.said().count("listening as") > before, 60)

    def said(self) -> str:
        path = self.folder / "said.txt"
        return path.read_text() if path.exists() else ""

    def stop(self, how: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        gc.collect()

    def received(self) -> list[Path]:
        return sorted((self.home / "spool" / "received").glob("*/*.dcm"))

    def find(self, dataset: pydicom.Dataset) -> list[Path]:
        """The files kept of a study."""
        return [
            path
            for path in self.received()
            if pydicom.dcmread(path).StudyInstanceUID == dataset.StudyInstanceUID
        ]


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    made = Listener(tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """A listener for all tests that need no other: each sends objects of its own."""
    made = Listener(tmp_path_factory.mktemp("steady"))
    made.start(*IDLE_LONG)
    yield made
    made.end()


def storescu(listener: Listener, *arguments: object, calling="DCMTK", called="RESPONSE"):
    if not shutil.which("storescu"):
        pytest.skip("dcmtk is not installed")
    return subprocess.run(
        ["storescu", "-aet", calling, "-aec", called, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def send(listener: Listener, *paths: Path, more=(), **names):
    return storescu(listener, *more, "127.0.0.1", listener.port, *paths, **names)


def send_pynetdicom(listener: Listener, datasets, tls=None) -> list[int | None]:
    """Send and return the status of each; ``None`` where no answer came."""
    entity = AE("DCMTK")
    for kind in {one.SOPClassUID for one in datasets}:
        entity.add_requested_context(kind, "1.2.840.10008.1.2.1")
    more = {"tls_args": (tls, "localhost")} if tls else {}
    association = entity.associate("127.0.0.1", listener.port, ae_title="RESPONSE", **more)
    if not association.is_established:
        return []
    statuses = [association.send_c_store(one).get("Status") for one in datasets]
    association.release()
    return statuses


def make_fresh(folder: Path) -> pydicom.Dataset:
    """An object of a study nobody has sent yet."""
    made = pydicom.dcmread(slices(folder)[0])
    made.StudyInstanceUID, made.SOPInstanceUID = generate_uid(), generate_uid()
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def slices(folder: Path, study: str = "study0") -> list[Path]:
    return sorted((folder / study).glob("0*.dcm"))


@pytest.mark.slow
def test_what_a_pacs_sends_is_taken_through_the_main_job(
    orthanc, dicom_patient, listener, tmp_path
):
    orthanc.push(dicom_patient)
    listener.start("--idle-seconds", 1)
    assert orthanc.send_all("RESPONSE", listener.port)["FailedInstancesCount"] == 0
    wait_until(lambda: listener.said().count("done; 1 time points taken") == 2, 180)
    assert listener.stop() == 0
    by_folder = tmp_path / "by-folder"
    done = run_here("run", dicom_patient, "--home", by_folder, "--marks-complete")
    assert done.returncode == 0, done.stderr
    assert list_content(listener.home) == list_content(by_folder)
    assert export(listener.home, tmp_path / "one") == export(by_folder, tmp_path / "two")
    assert "P1" not in listener.said()
    assert NAME not in listener.said()


@pytest.mark.slow
def test_what_was_sent_is_gone_once_it_was_taken_without_identity(dicom_patient, listener):
    listener.start("--idle-seconds", 1, "--deidentify")
    sent = [pydicom.dcmread(path) for path in sorted((dicom_patient / "study0").glob("*.dcm"))]
    assert set(send_pynetdicom(listener, sent)) == {0}
    wait_until(lambda: "removed from the spool" in listener.said(), 180)
    assert "done; 1 time points taken" in listener.said()
    assert listener.received() == []
    assert not list((listener.home / "spool" / "received").glob("*"))


def export(home: Path, out: Path) -> list[str]:
    """Everything a workspace says, but for what is new in each run."""
    assert run_here("export", "csv", "--out", out, "--home", home).returncode == 0
    rows = []
    for name in ("assessments.csv", "subjects.csv"):
        rows += (out / name).read_text().splitlines()
    assert len(rows) > 4
    return rows


def test_who_is_not_allowed_is_turned_away(dicom_patient, steady, tmp_path):
    fresh = make_fresh(dicom_patient)
    fresh.save_as(tmp_path / "one.dcm")
    one = tmp_path / "one.dcm"
    assert "Calling AE Title Not Recognized" in send(steady, one, calling="EVIL").stderr
    assert "Called AE Title Not Recognized" in send(steady, one, called="OTHER").stderr
    assert not steady.find(fresh)
    assert send(steady, one).returncode == 0
    assert len(steady.find(fresh)) == 1


def test_an_allowed_title_from_another_host_is_turned_away(dicom_patient, listener):
    listener.start(*IDLE_LONG, allow=("--allow", "DCMTK=192.0.2.1"))
    done = send(listener, slices(dicom_patient)[0])
    assert "Calling AE Title Not Recognized" in done.stderr
    assert not listener.received()


def test_nobody_allowed_is_a_usage_error(tmp_path):
    done = run_here("listen", "--home", tmp_path / "home", "--port", free_port())
    assert done.returncode == 2
    assert "--allow" in done.stderr
    assert not (tmp_path / "home").exists()


def test_an_object_sent_again_is_kept_once_and_a_different_one_is_refused(dicom_patient, steady):
    one = make_fresh(dicom_patient)
    assert send_pynetdicom(steady, [one, one]) == [0, 0]
    (kept,) = steady.find(one)
    before = kept.read_bytes()
    one.PixelData = bytes(len(one.PixelData))
    assert send_pynetdicom(steady, [one]) == [0xC001]
    assert steady.find(one) == [kept]
    assert kept.read_bytes() == before
    assert kept.stat().st_mode & 0o077 == 0


def test_a_uid_of_another_study_is_refused(dicom_patient, steady):
    one = make_fresh(dicom_patient)
    assert send_pynetdicom(steady, [one]) == [0]
    one.StudyInstanceUID = generate_uid()
    assert send_pynetdicom(steady, [one]) == [0xC001]
    assert not steady.find(one)


def test_an_object_sent_again_in_another_encoding_is_the_same(dicom_patient, steady, tmp_path):
    fresh = make_fresh(dicom_patient)
    fresh.save_as(tmp_path / "one.dcm")
    assert send(steady, tmp_path / "one.dcm", more=("-xe",)).returncode == 0
    again = send(steady, tmp_path / "one.dcm", more=("-xi",))
    assert again.returncode == 0, again.stderr
    assert len(steady.find(fresh)) == 1
    wait_until(lambda: "1 again" in steady.said())


def test_an_object_is_kept_bit_for_bit_in_its_transfer_syntax(shared_data, steady):
    syntaxes = set()
    for path in sorted((shared_data / "transfer_syntaxes").rglob("*.dcm")):
        dataset = pydicom.dcmread(path, force=True)
        dataset.StudyInstanceUID, dataset.SOPInstanceUID = generate_uid(), generate_uid()
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        entity = AE("DCMTK")
        entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
        association = entity.associate("127.0.0.1", steady.port, ae_title="RESPONSE")
        assert association.accepted_contexts, dataset.file_meta.TransferSyntaxUID.name
        assert association.send_c_store(dataset).Status == 0
        association.release()
        (kept,) = steady.find(dataset)
        mine = pydicom.dcmread(kept)
        assert mine.file_meta.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID
        assert mine.get("PixelData") == dataset.get("PixelData")
        syntaxes.add(dataset.file_meta.TransferSyntaxUID)
    assert len(syntaxes) > 5


def test_an_object_without_a_study_is_refused(dicom_patient, steady):
    one = make_fresh(dicom_patient)
    before = len(steady.received())
    del one.StudyInstanceUID
    assert send_pynetdicom(steady, [one]) == [0xC000]
    assert len(steady.received()) == before


def test_a_full_disk_is_said_and_nothing_is_kept(dicom_patient, listener):
    listener.start(*IDLE_LONG, "--reserve-mb", 10**9)
    one = pydicom.dcmread(slices(dicom_patient)[0])
    assert send_pynetdicom(listener, [one]) == [0xA700]
    assert not listener.received()


def test_an_object_that_is_too_large_is_cut_off(dicom_patient, listener):
    listener.start(*IDLE_LONG, "--max-object-mb", 1)
    one = pydicom.dcmread(slices(dicom_patient)[0])
    one.Rows, one.Columns = 2048, 2048
    one.PixelData = bytes(2048 * 2048 * 2)
    assert send_pynetdicom(listener, [one]) == [None]
    assert not listener.received()
    assert "too large" in listener.said()


def test_a_listener_killed_while_receiving_has_what_it_acknowledged(
    orthanc, dicom_patient, listener
):
    orthanc.push(dicom_patient)
    listener.start(*IDLE_LONG)
    sender = subprocess.Popen(
        ["storescu", "-v", "-aet", "DCMTK", "-aec", "RESPONSE", "127.0.0.1", str(listener.port)]
        + [str(path) for path in sorted(dicom_patient.rglob("*.dcm"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: len(listener.received()) >= 15)
    listener.stop(signal.SIGKILL)
    said, _none = sender.communicate(timeout=60)
    acknowledged = said.count("Received Store Response (Success)")
    assert 14 <= acknowledged < 82
    assert len(listener.received()) >= acknowledged
    for path in listener.received():
        refuse_cut_file(path)
    listener.start(*IDLE_LONG)
    assert orthanc.send_all("RESPONSE", listener.port)["FailedInstancesCount"] == 0
    assert len(listener.received()) == 82


def test_a_sender_killed_while_sending_loses_nothing_when_it_sends_again(
    orthanc, dicom_patient, listener
):
    orthanc.push(dicom_patient)
    listener.start(*IDLE_LONG)
    sending = Thread(target=_send_quietly, args=(orthanc, listener))
    sending.start()
    wait_until(lambda: len(listener.received()) >= 10)
    orthanc.stop(signal.SIGKILL)
    sending.join()
    orthanc.start()
    assert orthanc.send_all("RESPONSE", listener.port)["FailedInstancesCount"] == 0
    assert len(listener.received()) == 82


def test_tls_needs_a_certificate_of_the_authority(dicom_patient, listener, certificates):
    own = ("--tls-cert", certificates.cert, "--tls-key", certificates.key)
    listener.start(*IDLE_LONG, *own, "--tls-ca", certificates.authority)
    one = pydicom.dcmread(slices(dicom_patient)[0])
    stranger = ssl.create_default_context(cafile=str(certificates.authority))
    assert send_pynetdicom(listener, [one], stranger) in ([], [None])
    assert send_pynetdicom(listener, [one]) in ([], [None])
    assert not listener.received()
    known = ssl.create_default_context(cafile=str(certificates.authority))
    known.load_cert_chain(str(certificates.cert), str(certificates.key))
    assert send_pynetdicom(listener, [one], known) == [0]
    by_dcmtk = send(
        listener,
        slices(dicom_patient)[1],
        more=("+tls", certificates.key, certificates.cert, "+cf", certificates.authority),
    )
    assert by_dcmtk.returncode == 0, by_dcmtk.stderr
    assert len(listener.received()) == 2


def test_a_silent_peer_keeps_nobody_from_sending(dicom_patient, listener, certificates):
    own = ("--tls-cert", certificates.cert, "--tls-key", certificates.key)
    listener.start(*IDLE_LONG, *own)
    with socket.create_connection(("127.0.0.1", listener.port)):
        context = ssl.create_default_context(cafile=str(certificates.authority))
        one = pydicom.dcmread(slices(dicom_patient)[0])
        assert send_pynetdicom(listener, [one], context) == [0]


def test_a_lie_about_length_ends_the_connection_only(dicom_patient, steady):
    with socket.create_connection(("127.0.0.1", steady.port)) as peer:
        peer.sendall(b"\x01\x00\xff\xff\xff\xff" + bytes(1000))
        peer.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(10) == b""
    assert send_pynetdicom(steady, [make_fresh(dicom_patient)]) == [0]


def test_sigterm_ends_it_cleanly_with_an_open_association(dicom_patient, listener):
    listener.start(*IDLE_LONG)
    entity = AE("DCMTK")
    entity.add_requested_context(CTImageStorage, "1.2.840.10008.1.2.1")
    association = entity.associate("127.0.0.1", listener.port, ae_title="RESPONSE")
    assert association.send_c_store(pydicom.dcmread(slices(dicom_patient)[0])).Status == 0
    assert listener.stop() == 0
    association.abort()
    assert "Traceback" not in listener.said()
    assert len(listener.received()) == 1


@pytest.mark.slow
def test_a_restart_goes_on_with_what_came_and_late_drawings_are_read(dicom_patient, listener):
    listener.start(*IDLE_LONG)
    assert send(listener, *slices(dicom_patient)).returncode == 0
    listener.stop(signal.SIGKILL)
    listener.start("--idle-seconds", 1)
    wait_until(lambda: listener.said().count("done; 1 time points taken") == 1, 120)
    (without,) = list_content(listener.home)
    late = pydicom.dcmread(dicom_patient / "study0" / "seg.dcm")
    assert send_pynetdicom(listener, [late]) == [0]
    wait_until(lambda: listener.said().count("done; 1 time points taken") == 2, 120)
    (with_marks,) = list_content(listener.home)
    assert with_marks[:3] == without
    assert len(with_marks) == 4


@pytest.mark.heavy
def test_kills_of_both_sides_at_random_moments_lose_nothing(
    orthanc, dicom_patient, listener, tmp_path
):
    orthanc.push(dicom_patient)
    rng = random.Random(7)
    for _round in range(15):
        listener.start("--idle-seconds", 1)
        sending = Thread(target=_send_quietly, args=(orthanc, listener))
        sending.start()
        time.sleep(rng.uniform(0.0, 4.0))
        if rng.random() < 0.5:
            orthanc.stop(signal.SIGKILL)
            time.sleep(rng.uniform(0.0, 3.0))
            listener.stop(signal.SIGKILL)
            orthanc.start()
        else:
            listener.stop(signal.SIGKILL)
        sending.join()
    before = listener.said().count("done;")
    listener.start("--idle-seconds", 1)
    assert orthanc.send_all("RESPONSE", listener.port)["FailedInstancesCount"] == 0
    assert len(listener.received()) == 82
    wait_until(lambda: all(o.exists() for o in outcomes(listener)), 300)
    wait_until(lambda: before < listener.said().count("done;") or _is_quiet(listener), 300)
    listener.stop()
    by_folder = tmp_path / "by-folder"
    assert run_here("run", dicom_patient, "--home", by_folder, "--marks-complete").returncode == 0
    assert list_content(listener.home) == list_content(by_folder)
    assert export(listener.home, tmp_path / "one") == export(by_folder, tmp_path / "two")
    assert run_here("check", "--home", listener.home).returncode == 0


def outcomes(listener: Listener) -> list[Path]:
    return [path.parent.with_suffix(".json") for path in listener.received()]


def _is_quiet(listener: Listener) -> bool:
    """Nothing was said for a while: every study was dealt with before the last kill."""
    before = listener.said()
    time.sleep(15)
    return listener.said() == before and not before.rstrip().endswith("working on it")


def _send_quietly(orthanc, listener: Listener) -> None:
    with contextlib.suppress(OSError):
        orthanc.send_all("RESPONSE", listener.port)
