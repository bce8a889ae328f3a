"""The contract of the port. Any engine must pass; add its name to ``ENGINES``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from response.errors import GeometryError, InputError, RegistrationError
from response.register import Transform, engine_key, read_result, register

ENGINES = [pytest.param("demons"), pytest.param("ants", marks=pytest.mark.slow)]
SHIFT = (12.0, -8.0, 10.0)


def digest(folder: Path) -> dict[str, str]:
    """Of everything but the report, which holds the seconds."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "registration.json"
    }


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pair(engine: str, body: Any, make_motion: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A bent, turned and shifted pair on an oblique grid of another spacing, registered."""
    folder = tmp_path_factory.mktemp(engine)
    moved = make_motion(turn_deg=4.0, shift=SHIFT)
    angle = np.deg2rad(12)
    tilt = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    sitk.WriteImage(body.scan(), folder / "fixed.nrrd")
    moving = body.scan(
        moved.to_body, size=(60, 50, 44), spacing=(3.5, 4.0, 5.0), direction=tilt, noise_seed=1
    )
    sitk.WriteImage(moving, folder / "moving.nrrd")
    result = register(
        folder / "fixed.nrrd",
        folder / "moving.nrrd",
        folder / "out",
        private=folder,
        engine=engine,
    )
    return folder, moved, result


def test_lesions_are_found_where_they_went(pair: Any, body: Any) -> None:
    _folder, moved, result = pair
    points = body.places()
    error = np.linalg.norm(
        Transform.load(result.folder).map_points(points) - moved.to_scan(points), axis=1
    )
    assert np.median(error) < 2.0
    assert np.percentile(error, 95) < result.expected_error_mm


def test_the_way_back_leads_back(pair: Any, body: Any) -> None:
    transform = Transform.load(pair[2].folder)
    points = body.places()
    back = transform.map_points_back(transform.map_points(points))
    assert np.abs(back - points).max() < 0.1


def test_a_good_pair_is_trusted(pair: Any, engine: str) -> None:
    result = pair[2]
    assert result.trusted, result.reason
    assert result.engine == engine
    assert result.parameters == engine_key(engine)
    assert result.folded_fraction < 0.001
    assert 0.8 < result.similarity <= 1.0


def test_the_report_says_what_the_result_says(pair: Any) -> None:
    result = pair[2]
    told = json.loads((result.folder / "registration.json").read_text(encoding="utf-8"))
    del told["figures"]
    assert told == {name: getattr(result, name) for name in told}
    assert {"seconds", "similarity", "folded_fraction", "trusted"} <= told.keys()
    assert {"reason", "engine", "parameters"} <= told.keys()
    assert read_result(result.folder) == result


def test_nothing_is_left_beside_the_result(pair: Any) -> None:
    folder = pair[0]
    assert {p.name for p in folder.iterdir()} == {"fixed.nrrd", "moving.nrrd", "out"}


def test_the_warped_scan_looks_like_the_fixed_one(pair: Any) -> None:
    folder, _moved, result = pair
    fixed = sitk.ReadImage(folder / "fixed.nrrd")
    moving = sitk.ReadImage(folder / "moving.nrrd")
    warped = Transform.load(result.folder).warp_image(moving, fixed)
    a, b = (sitk.GetArrayFromImage(image).ravel() for image in (fixed, warped))
    assert np.corrcoef(a, b)[0, 1] > 0.97


def test_again_is_the_same_to_the_last_bit(pair: Any, engine: str, tmp_path: Path) -> None:
    folder, _moved, result = pair
    again = register(
        folder / "fixed.nrrd", folder / "moving.nrrd", tmp_path / "again", engine=engine
    )
    assert digest(again.folder) == digest(result.folder)
    assert again.similarity == result.similarity


def test_a_scan_on_itself_stays_where_it_is(
    pair: Any, engine: str, body: Any, tmp_path: Path
) -> None:
    fixed = pair[0] / "fixed.nrrd"
    result = register(fixed, fixed, tmp_path / "out", engine=engine)
    moved = Transform.load(result.folder).map_points(body.places()) - body.places()
    assert np.percentile(np.abs(moved), 95) < 1.0
    assert result.trusted


def test_a_shift_is_followed(pair: Any, engine: str, body: Any, tmp_path: Path) -> None:
    shifted = sitk.ReadImage(pair[0] / "fixed.nrrd")
    shifted.SetOrigin(np.add(shifted.GetOrigin(), (31.0, -22.0, 640.0)).tolist())
    sitk.WriteImage(shifted, tmp_path / "shifted.nrrd")
    result = register(
        pair[0] / "fixed.nrrd", tmp_path / "shifted.nrrd", tmp_path / "out", engine=engine
    )
    moved = Transform.load(result.folder).map_points(body.places()) - body.places()
    assert np.percentile(np.abs(moved - (31.0, -22.0, 640.0)), 95) < 1.0
    assert result.trusted
    assert "coordinates differ" in result.reason


def test_a_refused_scan_leaves_no_folder(pair: Any, engine: str, tmp_path: Path) -> None:
    constant = sitk.Image([12, 12, 12], sitk.sitkFloat32)
    constant.SetSpacing([5.0] * 3)
    sitk.WriteImage(constant, tmp_path / "constant.nrrd")
    out = tmp_path / "deep" / "out"
    with pytest.raises(RegistrationError, match="moving scan is constant"):
        register(pair[0] / "fixed.nrrd", tmp_path / "constant.nrrd", out, engine=engine)
    assert {p.name for p in tmp_path.iterdir()} == {"constant.nrrd"}


def test_a_flat_scan_is_a_matter_of_geometry(pair: Any, engine: str, tmp_path: Path) -> None:
    flat = sitk.ReadImage(pair[0] / "fixed.nrrd")[:, :, :1]
    sitk.WriteImage(flat, tmp_path / "flat.nrrd")
    with pytest.raises(GeometryError, match="fixed scan"):
        register(tmp_path / "flat.nrrd", pair[0] / "moving.nrrd", tmp_path / "out", engine=engine)


def test_a_folder_of_something_else_is_left_alone(pair: Any, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="something else"):
        register(pair[0] / "fixed.nrrd", pair[0] / "moving.nrrd", tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_the_time_limit_is_kept(pair: Any, engine: str, tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match=r"longer than 0\.3 s"):
        register(
            pair[0] / "fixed.nrrd",
            pair[0] / "moving.nrrd",
            tmp_path / "out",
            time_limit_s=0.3,
            private=tmp_path,
            engine=engine,
        )
    assert not list(tmp_path.iterdir())


def test_an_earlier_result_is_replaced(pair: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        register(pair[0] / "fixed.nrrd", pair[0] / "fixed.nrrd", out, engine="demons")
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_the_key_tells_engines_apart() -> None:
    assert engine_key("ants") != engine_key("demons")
    assert "antspyx" in engine_key()
