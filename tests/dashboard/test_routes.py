"""Slices as PNG, errors in words, and who looked written down."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def slice_address(data, view_of):
    view = view_of("ONC-001")
    scan = view.time_points[0].scans[0]

    def address(axis=2, index=6, window="soft"):
        token = data.scan_token(scan)
        return f"/slice/{view.subject.key}/{token}/{axis}/{index}.png?window={window}"

    return address


def test_a_slice_has_one_pixel_per_voxel(client, slice_address, synthetic):
    answer = client.get(slice_address())
    assert answer.mimetype == "image/png"
    width, height, _ = synthetic.SIZE
    assert Image.open(io.BytesIO(answer.data)).size == (width, height)


def test_the_liver_of_the_made_up_trunk_is_on_the_left(client, slice_address):
    pixels = np.asarray(Image.open(io.BytesIO(client.get(slice_address(window="liver")).data)))
    middle = pixels[30:50].astype(float)
    assert middle[:, 15:45].mean() > middle[:, 51:81].mean() + 20


def test_a_slice_seen_before_is_not_sent_again(client, slice_address):
    first = client.get(slice_address())
    second = client.get(slice_address(), headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.data) == (304, b"")


def test_a_slice_is_kept_only_by_the_browser_that_asked(client, slice_address):
    assert client.get(slice_address()).headers["Cache-Control"] == "private, no-cache"


def test_every_window_and_slice_has_a_tag_of_its_own(client, slice_address):
    asked = [slice_address(), slice_address(index=7), slice_address(window="lung")]
    assert len({client.get(a).headers["ETag"] for a in asked}) == 3


@pytest.mark.parametrize(
    "changes", [{"index": 30}, {"axis": 3}, {"window": "none"}, {"index": 10**9}]
)
def test_a_slice_that_is_not_there_is_not_found(client, slice_address, changes):
    assert client.get(slice_address(**changes)).status_code == 404


def test_a_scan_is_found_only_with_its_own_subject(client, slice_address, subject_key):
    foreign = slice_address().replace(subject_key("ONC-001"), subject_key("ONC-002"))
    assert client.get(foreign).status_code == 404


def test_addresses_of_slices_hold_no_identifier(slice_address):
    assert "ONC" not in slice_address()
    assert "TP0" not in slice_address()


@pytest.mark.parametrize("path", ["/nowhere", "/subject/unknown", "/subject/unknown/lesion/T1"])
def test_an_address_of_nothing_is_a_page_that_says_so(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.data
    assert b"unknown" not in answer.data


def test_a_fault_shows_a_reference_and_logs_no_message(app, client, caplog, monkeypatch):
    def fail(*_):
        raise RuntimeError("ONC-001 went wrong")

    monkeypatch.setattr(app.server.extensions["data"], "find_scan", fail)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/slice/key/token/2/1.png")
    assert answer.status_code == 500
    assert b"Something went wrong" in answer.data
    assert b"ONC-001" not in answer.data
    assert "RuntimeError" in caplog.text
    assert "ONC-001" not in caplog.text


def test_who_looked_at_a_subject_is_in_the_audit_trail(app, login, subject_key):
    key = subject_key("ONC-002")
    login("vera").post(
        "/_dash-update-component",
        json={
            "output": "page.children",
            "outputs": {"id": "page", "property": "children"},
            "inputs": [
                {"id": "url", "property": "pathname", "value": f"/subject/{key}"},
                {"id": "url", "property": "search", "value": ""},
            ],
            "changedPropIds": ["url.pathname"],
        },
    )
    seen = app.server.extensions["store"].read_audit(5, 0)
    views = [(e.actor, e.subject_key, e.detail["page"]) for e in seen if e.action == "view"]
    assert ("vera", key, "subject") in views
