"""Stateless tools: the functions of the main job, on files, without a workspace.

What a tool needs is imported when it runs, so that a table waits for no imaging library.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from response.cli.common import (
    DONE,
    IN_PART,
    REFUSED,
    existing,
    json_option,
    plain_errors,
    print_json,
)
from response.criteria import CRITERIA
from response.errors import InputError
from response.model import Measurement
from response.protocol import Protocol, read_protocol
from response.tables import assess_table as assess_measurements
from response.tables import best_response_table

if TYPE_CHECKING:
    from response.measure.avid_volume import Threshold


@click.command("assess-table", epilog="Example: response assess-table lesions.csv --out ./result")
@click.argument("table", type=existing(dir_okay=False))
@click.option("--criterion", type=click.Choice(sorted(CRITERIA)), help="Else the protocol's.")
@click.option("--subjects", type=existing(dir_okay=False), help="Dates of subjects (CSV).")
@click.option("--time-points", type=existing(dir_okay=False), help="Facts of time points (CSV).")
@click.option("--protocol", type=existing(dir_okay=False), help="protocol.toml")
@click.option("--certainty", is_flag=True, help="Also certainty.csv: how sure a category is.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def assess_table(
    table: Path,
    criterion: str | None,
    subjects: Path | None,
    time_points: Path | None,
    protocol: Path | None,
    certainty: bool,
    out: Path,
) -> None:
    """Turn a table of lesion measurements into assessments.csv and subjects.csv."""
    with plain_errors():
        rules = read_protocol(protocol) if protocol else Protocol()
        name = criterion or rules.criterion.name
        count = assess_measurements(
            table, subjects, time_points, rules, name, out, certainty=certainty, warn=_warn
        )
        click.echo(f"{count} subjects and readers assessed by {name}")


@click.command("best-response", epilog="Example: response best-response overall.csv --out best.csv")
@click.argument("overall", type=existing(dir_okay=False))
@click.option("--protocol", type=existing(dir_okay=False), help="protocol.toml")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
def best_response(overall: Path, protocol: Path | None, out: Path) -> None:
    """Turn overall responses by date into best overall responses."""
    with plain_errors():
        rules = read_protocol(protocol) if protocol else Protocol()
        for warning in best_response_table(overall, rules, out):
            _warn(warning)
        click.echo(str(out))


def _warn(text: str) -> None:
    click.echo(f"warning: {text}", err=True)


MEASURED = [
    "label",
    "voxels",
    "volume_mm3",
    "longest_diameter_mm",
    "short_axis_mm",
    "extent_3d_mm",
    "x_mm",
    "y_mm",
    "z_mm",
    "mean",
    "sd",
    "max",
    "peak",
]
AVID = ["avid_threshold", "mtv_ml", "avid_mean", "tlg"]


@click.command(epilog="Example: response measure scan.nii.gz mask.nii.gz --json")
@click.argument("image", type=existing())
@click.argument("mask", type=existing())
@click.option("--avid", help="Also MTV and TLG above a threshold: 2.5, 41%, or percist.")
@click.option("--liver", nargs=2, type=float, help="Mean and SD of the liver, for --avid percist.")
@json_option
def measure(
    image: Path, mask: Path, avid: str | None, liver: tuple[float, float] | None, as_json: bool
) -> None:
    """Measure every label of a mask on its image: diameters, volume, values.

    With --avid, the voxels of each label at or above a threshold too: their volume (MTV), mean and
    total glycolysis (TLG). The threshold is in the image's unit, a share of each label's maximum,
    or PERCIST's: 1.5 times the liver's mean and two standard deviations.
    """
    from response.geometry import Grid
    from response.ingest.images import read_image
    from response.layers import split_layers
    from response.measure import measure_labels

    with plain_errors():
        threshold = _choose_threshold(avid, liver)
        scan, axis = read_image(image)
        marks, _axis = read_image(mask, mask=True, grid=Grid.of(scan))
        layers = split_layers(marks)
        found = [m for layer in layers for m in measure_labels(scan, layer, slice_axis=axis)]
        rows = [_measured(m) for m in sorted(found, key=lambda m: m.label)]
        if threshold is not None:
            avid_of = {k: v for one in layers for k, v in _measure_avid(scan, one, threshold)}
            rows = [row | avid_of[int(row["label"] or 0)] for row in rows]
        if as_json:
            print_json(rows)
            return
        names = MEASURED if threshold is None else MEASURED + AVID
        click.echo("\t".join(names))
        for row in rows:
            click.echo("\t".join("" if (v := row[n]) is None else f"{v:.10g}" for n in names))


def _choose_threshold(avid: str | None, liver: tuple[float, float] | None) -> Threshold | None:
    from response.measure.avid_volume import Threshold, threshold_by_liver

    if (avid == "percist") != bool(liver):
        raise InputError("--avid percist and --liver MEAN SD go together")
    if liver:
        return Threshold(threshold_by_liver(*liver))
    return Threshold.parse(avid) if avid else None


def _measure_avid(
    scan: Any, marks: Any, threshold: Threshold
) -> Iterator[tuple[int, dict[str, float | None]]]:
    """Give the avid part of every label in a row's names; empty where there is no threshold."""
    from response.measure.avid_volume import measure_avid_labels

    for label, found in measure_avid_labels(scan, marks, threshold).items():
        values = None if found is None else (found.threshold, found.mtv_ml, found.mean, found.tlg)
        yield label, dict(zip(AVID, values or (None,) * len(AVID), strict=True))


def _measured(m: Measurement) -> dict[str, float | None]:
    x, y, z = m.centroid
    values = asdict(m) | {"x_mm": x, "y_mm": y, "z_mm": z}
    values |= {name: values[f"{name}_value"] for name in ("mean", "sd", "max", "peak")}
    return {name: values[name] for name in MEASURED}


@click.command(epilog="Example: response suv pet_series/ --json")
@click.argument("dicom_dir", type=existing())
@click.option(
    "--lean-body-mass",
    type=click.Choice(["janmahasatian", "james"]),
    default="janmahasatian",
    show_default=True,
    help="The formula of lean body mass.",
)
@json_option
def suv(dicom_dir: Path, lean_body_mass: str, as_json: bool) -> None:
    """Compute the SUV factors of a PET series, with every value they came from.

    Factors multiply the rescaled pixel value: Bq/ml for most scanners. A series that does not
    carry an SUV is refused with the reason.
    """
    from response.ingest.pet_report import report_pet

    with plain_errors():
        try:
            rows, damaged = report_pet(dicom_dir, lean_body_mass)
        except InputError as error:
            if not as_json:
                raise
            rows, damaged = [{"refused": str(error)}], 0
    if damaged:
        _warn(f"{damaged} damaged DICOM files were left out")
    refused = sum("refused" in row for row in rows)
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            for name, value in row.items():
                click.echo(f"{name}\t{'' if value is None else value}")
    sys.exit(DONE if not refused else REFUSED if refused == len(rows) else IN_PART)


@click.command(epilog="Example: response register baseline.nii.gz followup.nii.gz --out ./pair")
@click.argument("fixed", type=existing())
@click.argument("moving", type=existing())
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--points", type=existing(dir_okay=False), help="x,y,z in FIXED's space (mm, LPS).")
def register(fixed: Path, moving: Path, out: Path, points: Path | None) -> None:
    """Register MOVING to FIXED; map points from FIXED's space into MOVING's."""
    from response.register import register_files

    with plain_errors():
        made = register_files(fixed, moving, out, points)
        trust = "trusted" if made.trusted else f"not trusted: {made.reason}"
        click.echo(
            f"{made.engine}, {made.seconds:.1f} s, similarity {made.similarity:.3f}, {trust}"
        )
