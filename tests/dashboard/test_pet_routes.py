"""Slices with PET: who may ask for them, what they are of, and the values under the pointer."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

PLACE = (66.0, -6.0, 60.0)
"""Centre of a ball of SUV 10 at the first time point (LPS mm), in tissue of 60 HU."""


@pytest.fixture
def address(pet_data, pet_view):
    """Return the address of the slice through the ball; ``over`` names another scan."""

    def make(what="png", subject="PET-001", over=1, over_tp=0, over_subject=None, **query):
        view, other = pet_view(subject), pet_view(over_subject or subject)
        scan = view.time_points[0].scans[0]
        token = pet_data.scan_token(scan)
        pet = pet_data.scan_token(other.time_points[over_tp].scans[over])
        asked = {"window": "soft", "view": "fused", "over": pet, "suv": 7, **query}
        words = "&".join(f"{key}={value}" for key, value in asked.items())
        end = ".png" if what == "png" else "/value"
        return f"/slice/{view.subject.key}/{token}/2/25{end}?{words}"

    return make


def screen(synthetic):
    """Return where the ball is on the screen, mm: the volume's first voxel is at its corner."""
    return tuple(
        place - origin + spacing / 2
        for place, origin, spacing in zip(PLACE, synthetic.ORIGIN, synthetic.SPACING, strict=True)
    )


def test_pet_over_ct_has_the_pixels_of_the_ct(pet_client, address, synthetic):
    image = Image.open(io.BytesIO(pet_client.get(address()).data))
    assert image.size == synthetic.SIZE[:2]
    assert image.mode == "RGB"


def test_high_uptake_is_in_colour_and_background_is_grey(pet_client, address, synthetic):
    pixels = np.asarray(Image.open(io.BytesIO(pet_client.get(address(opacity=100)).data)))
    x, y, _ = screen(synthetic)
    hot = pixels[int(y / 3.6), int(x / 3.6)].astype(int)
    cold = pixels[40, 20].astype(int)
    assert np.ptp(hot) > 60
    assert np.ptp(cold) <= 4


def test_pet_alone_is_dark_where_it_is_hot(pet_client, address, synthetic):
    pixels = np.asarray(Image.open(io.BytesIO(pet_client.get(address(view="pet")).data)))
    x, y, _ = screen(synthetic)
    assert pixels[int(y / 3.6), int(x / 3.6)].max() == 0
    assert pixels[40, 20].min() > 200


@pytest.mark.parametrize("changes", [{"view": "pet"}, {"view": "fused"}, {"what": "value"}])
def test_nobody_sees_pet_without_logging_in(pet_app, address, changes):
    stranger = pet_app.server.test_client()
    assert stranger.get(address(x=1, y=1, **changes)).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [{"over": 0}, {"over_tp": 1}, {"over_subject": "PET-004"}],
    ids=["a CT scan", "another time point", "another subject"],
)
def test_only_pet_of_the_same_time_point_is_laid_over_a_scan(pet_client, address, changes):
    assert pet_client.get(address(**changes)).status_code == 404


def test_what_changes_the_picture_changes_its_tag(pet_client, address):
    asked = [
        address(), address(view="pet"), address(suv=10), address(opacity=25), address(window="lung")
    ]  # fmt: skip
    tags = [pet_client.get(one).headers["ETag"] for one in asked]
    assert len(set(tags)) == len(asked)
    again = pet_client.get(asked[0], headers={"If-None-Match": tags[0]})
    assert (again.status_code, again.data) == (304, b"")


def test_addresses_of_pet_hold_no_identifier(address):
    assert "PET-001" not in address()
    assert "TP0" not in address()


def test_the_values_under_the_pointer_have_their_units(pet_client, address, synthetic):
    x, y, _ = screen(synthetic)
    said = pet_client.get(address("value", x=x, y=y)).get_data(as_text=True)
    assert said == "60 HU · SUV 10.00"


def test_beside_the_pet_scan_the_pointer_says_so(pet_client, address):
    said = pet_client.get(address("value", x=100.0, y=1.0)).get_data(as_text=True)
    assert said.endswith("PET does not reach here")


@pytest.mark.parametrize("place", [{"x": "nan", "y": 1}, {"x": 1}, {"x": "1e9", "y": 1}])
def test_a_place_that_is_none_has_no_values(pet_client, address, place):
    assert pet_client.get(address("value", **place)).status_code == 404


def test_values_without_suv_are_never_called_suv(pet_client, address, synthetic):
    x, y, _ = screen(synthetic)
    said = pet_client.get(address("value", subject="PET-003", x=x, y=y)).get_data(as_text=True)
    assert "SUV" not in said
    assert said.endswith("Bq/ml")
