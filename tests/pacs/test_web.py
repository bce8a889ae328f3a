"""HTTP towards servers that lie, break off, redirect, or ask for certificates."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pydicom
import pytest

from response.errors import InputError
from response.pacs.query import Query, find_instances
from response.pacs.retrieve import fetch
from response.pacs.spool import Spool
from response.pacs.tls import make_client_context
from response.pacs.web import ATTEMPTS, Server, connect, get_instance, get_json

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Fake:
    """A server that answers what a test says; keeps the paths and headers it was asked with."""

    answer: Callable[[str], Answer] = lambda _path: (404, {}, b"")
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def reach(self, **more: object) -> Server:
        made = connect(self.url, context=make_client_context(), **more)
        return Server(made.url, made.pool, made.headers, lambda _seconds: None)


def serve(fake: Fake, context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            fake.asked.append(self.path)
            fake.headers.append(dict(self.headers))
            status, headers, body = fake.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = "Connection" in headers

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    kind = "https" if context else "http"
    fake.url = f"{kind}://127.0.0.1:{server.server_address[1]}/dicom-web"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    return server


@pytest.fixture
def fake() -> Iterator[Fake]:
    made = Fake()
    server = serve(made)
    yield made
    server.shutdown()
    server.server_close()


def dicom_part(body: bytes, boundary: str = "xx") -> Answer:
    content = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + body
    content += f"\r\n--{boundary}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    return 200, {"Content-Type": kind}, content


def item(**values: object) -> dict[str, object]:
    tags = {"study": "0020000D", "series": "0020000E", "sop": "00080018", "patient": "00100020",
            "modality": "00080060", "count": "00201209", "birth": "00100030"}  # fmt: skip
    return {tags[name]: {"vr": "LO", "Value": [value]} for name, value in values.items()}


def pacs(fake: Fake, *studies: dict[str, object], count: int = 1, instance=None) -> None:
    """Answer like a PACS that has one series of one instance per study."""

    def answer(path: str) -> Answer:
        route = path.split("?")[0].removeprefix("/dicom-web")
        if instance is not None and "/instances/" in route:
            return instance
        if route.endswith("/instances"):
            found = [item(study="1.2", series="1.3", sop="1.4")]
        elif route.endswith("/series"):
            found = [item(study="1.2", series="1.3", modality="CT", count=count)]
        else:
            found = list(studies)
        return 200, {"Content-Type": "application/dicom+json"}, json.dumps(found).encode()

    fake.answer = answer


P1 = Query(patient="P1")


def read(fake: Fake, path: Path, **more: int) -> bytes:
    with path.open("wb+") as file:
        get_instance(fake.reach(), "/x", file, **more)
    return path.read_bytes()


def test_a_part_is_written_as_it_came_whatever_it_holds(fake, tmp_path):
    body = b"\r\n--x\r\n\r\n" * 30_000 + b"\r\n--"
    fake.answer = lambda _path: dicom_part(body)
    assert read(fake, tmp_path / "one") == body


def test_trouble_that_passes_is_tried_again(fake, tmp_path):
    answers = iter([(503, {}, b""), (500, {}, b"?"), dicom_part(b"good")])
    fake.answer = lambda _path: next(answers)
    assert read(fake, tmp_path / "one") == b"good"


def test_an_answer_that_breaks_off_is_asked_for_again(fake, tmp_path):
    status, headers, whole = dicom_part(b"x" * 5000)
    cut = (
        status,
        {**headers, "Content-Length": str(len(whole)), "Connection": "close"},
        whole[:99],
    )
    without_end = (status, headers, whole[:-6])
    answers = iter([cut, without_end, (status, headers, whole)])
    fake.answer = lambda _path: next(answers)
    assert read(fake, tmp_path / "one") == b"x" * 5000


def test_trouble_that_stays_is_said_without_the_address(fake, tmp_path):
    fake.answer = lambda _path: (503, {}, b"")
    with pytest.raises(InputError, match="status 503") as problem:
        get_json(fake.reach(), "/studies", [("PatientID", "Secret7")])
    assert len(fake.asked) == ATTEMPTS
    assert "Secret7" not in str(problem.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "points elsewhere"),
        ((401, {}, b""), "does not let us in"),
        ((404, {}, b""), "refuses"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), "not a DICOM object"),
        (
            (200, {"Content-Encoding": "gzip", "Content-Type": "application/dicom"}, b"x"),
            "compressed",
        ),
    ],
)
def test_what_is_no_object_is_refused_at_once(fake, tmp_path, answer, words):
    fake.answer = lambda _path: answer
    with pytest.raises(InputError, match=words):
        read(fake, tmp_path / "one")
    assert len(fake.asked) == 1


def test_several_parts_and_too_much_are_refused(fake, tmp_path):
    status, headers, whole = dicom_part(b"a")
    fake.answer = lambda _path: (status, headers, whole[:-4] + b"\r\n\r\nb" + whole[-9:])
    with pytest.raises(InputError, match="several objects"):
        read(fake, tmp_path / "one")
    fake.answer = lambda _path: dicom_part(bytes(200_000))
    with pytest.raises(InputError, match="larger than"):
        read(fake, tmp_path / "one", limit=100_000)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"{", b"[1]", b'[{"0020000D": {"Value": ["../x"]}}]']
)
def test_an_answer_that_is_no_list_of_studies_is_refused(fake, body):
    fake.answer = lambda _path: (200, {}, body)
    with pytest.raises(InputError, match="dicomweb"):
        find_instances(fake.reach(), Query(study="1.2"))


def test_a_server_that_repeats_itself_is_not_asked_for_ever(fake, monkeypatch):
    monkeypatch.setattr("response.pacs.query.PAGE", 10)
    page = json.dumps([item(study=f"1.{n}", patient="P1") for n in range(1, 11)]).encode()
    fake.answer = lambda path: (200, {}, page if "/studies?" in path else b"[]")
    with pytest.raises(InputError, match="the 10 studies found hold no CT"):
        find_instances(fake.reach(), P1)
    assert sum("/studies?" in path for path in fake.asked) == 2


def test_studies_of_other_patients_are_left_out(fake):
    pacs(fake, item(study="1.9", patient="P10"), item(study="1.2", patient="P1"))
    assert [one.study_uid for one in find_instances(fake.reach(), P1).instances] == ["1.2"]


def test_two_persons_under_one_number_are_refused(fake):
    pacs(
        fake,
        item(study="1.2", patient="P1", birth="19500101"),
        item(study="1.5", patient="P1", birth="19700707"),
    )
    with pytest.raises(InputError, match="dates of birth"):
        find_instances(fake.reach(), P1)


def test_a_series_listed_in_part_is_refused(fake):
    pacs(fake, item(study="1.2", patient="P1"), count=3)
    with pytest.raises(InputError, match="has 3 instances and lists 1"):
        find_instances(fake.reach(), P1)


@pytest.mark.parametrize("change", ["PatientID", "SOPInstanceUID", "StudyInstanceUID"])
def test_another_object_than_the_one_asked_for_is_refused(fake, tmp_path, change):
    data = make_object()
    setattr(data, change, "9.9")
    pacs(fake, item(study="1.2", patient="P1"), instance=dicom_part(encode(data, tmp_path)))
    with (
        pytest.raises(InputError, match="another object"),
        fetch(fake.reach(), P1, Spool(tmp_path / "spool", b"k"), lambda *_: None),
    ):
        pass
    assert not list(tmp_path.rglob("spool/**/*.dcm"))


def test_an_object_cut_short_at_the_server_is_refused(fake, tmp_path):
    body = encode(make_object(), tmp_path)[:-10]
    pacs(fake, item(study="1.2", patient="P1"), instance=dicom_part(body))
    with (
        pytest.raises(InputError, match="damaged"),
        fetch(fake.reach(), P1, Spool(tmp_path / "spool", b"k"), lambda *_: None),
    ):
        pass


def make_object() -> pydicom.Dataset:
    data = pydicom.Dataset()
    data.SOPClassUID, data.SOPInstanceUID = pydicom.uid.CTImageStorage, "1.4"
    data.StudyInstanceUID, data.SeriesInstanceUID, data.PatientID = "1.2", "1.3", "P1"
    data.Rows = data.Columns = 8
    data.BitsAllocated, data.SamplesPerPixel = 16, 1
    data.PixelData = bytes(128)
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    return data


def encode(data: pydicom.Dataset, folder: Path) -> bytes:
    data.save_as(folder / "one.dicom", enforce_file_format=True)
    return (folder / "one.dicom").read_bytes()


@pytest.mark.parametrize(
    "url",
    ["ftp://x/", "https://me:secret@x/", "http://x/dicom-web", "https:///x", "x", "https://x/?a=b",
     "https://x/ y", "https://[x/", "https://x:99999/"],
)  # fmt: skip
def test_addresses_that_cannot_be_meant_are_refused(url):
    with pytest.raises(InputError, match="dicomweb") as problem:
        connect(url, context=make_client_context())
    assert "secret" not in str(problem.value)


@pytest.mark.parametrize("text", ["P*", "P?", "A\\B", " P1", "P\n1"])
def test_a_pattern_is_no_identifier(text):
    with pytest.raises(InputError, match="exact"):
        Query(patient=text)


def test_a_token_is_sent_from_the_environment_only(fake, monkeypatch):
    fake.answer = lambda _path: (200, {}, b"[]")
    monkeypatch.setenv("PACS_TOKEN", "abc123")
    get_json(fake.reach(token_variable="PACS_TOKEN"), "/studies", ())
    assert fake.headers[0]["Authorization"] == "Bearer abc123"
    with pytest.raises(InputError, match="NOT_SET"):
        fake.reach(token_variable="NOT_SET")


def test_a_certificate_is_checked_and_ours_is_shown(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert, certificates.key)
    context.load_verify_locations(certificates.authority)
    context.verify_mode = ssl.CERT_REQUIRED
    fake = Fake(lambda _path: (200, {}, b"[]"))
    server = serve(fake, context)
    try:
        with pytest.raises(InputError, match="not trusted"):
            get_json(fake.reach(), "/studies", ())
        trusting = make_client_context(certificates.authority, certificates.cert, certificates.key)
        assert get_json(connect(fake.url, context=trusting), "/studies", ()) == []
    finally:
        server.shutdown()
        server.server_close()
