"""What ``response suv`` says of each PET series of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from response.errors import UptakeError
from response.ingest.pet_series import PetSeries, find_pet_series
from response.measure.suv import compute_suv_factors, describe_pet

Row = dict[str, str | float | None]

_NUMBERS = ("_bq", "_mbq", "_kg", "_cm", "_seconds", "_factor", "_minutes", "_m2")


def report_pet(folder: Path, lean_body_mass: str) -> tuple[list[Row], int]:
    """Compute the factors of each PET series; returns one row each and the damaged files' count.

    A row that has ``refused`` has the reason there, and what the header says.

    Raises
    ------
    InputError
        There is no PET image.
    """
    found, damaged = find_pet_series(folder)
    return [_report(series, lean_body_mass) for series in found], damaged


def _report(series: PetSeries, lean_body_mass: str) -> Row:
    row: Row = {
        "series": series.number,
        "description": series.description,
        "images": len(series.headers),
    }
    try:
        factors = compute_suv_factors(series.headers, lean_body_mass)
    except UptakeError as error:
        return row | {"refused": str(error)} | _with_numbers(describe_pet(series.headers))
    row |= {
        "suv_bw_factor": factors.suv_bw_factor,
        "sul_factor": factors.sul_factor,
        "suv_bsa_factor": factors.suv_bsa_factor,
    }
    return row | _with_numbers(factors.values)


def _with_numbers(values: Mapping[str, str]) -> Row:
    """Turn what is a number into one, for machines."""
    return {name: float(text) if name.endswith(_NUMBERS) else text for name, text in values.items()}
