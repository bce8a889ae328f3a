"""The manifest: scans as files, one row per scan and mask. Read, checked, planned; not decoded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from response.errors import InputError
from response.geometry import Grid
from response.ingest.csv_table import Row, read_table
from response.ingest.files import combine_digests, digest_file, find_file
from response.ingest.images import check_scan, read_volume
from response.ingest.itk import Image
from response.ingest.labels import Labels, place_mask, split_components, to_labels
from response.ingest.manifest_pet import convert, describe_units, doubt_suv, parse_units
from response.ingest.sources import MarkSource, Plan, ScanSource, TimePointSource
from response.ingest.table_cells import parse_date, parse_flag, parse_positive, parse_text
from response.model import Reader, SubjectFacts
from response.terms import MODALITIES

REQUIRED = ("subject", "time_point", "date", "modality", "image", "mask")
NUMBERS = ("weight_kg", "height_cm", "uptake_minutes", "injected_mbq")
FACTS = (*NUMBERS, "sex", "radiotracer")
OPTIONAL = (
    "series",
    "evaluator",
    "evaluator_id",
    "marks_complete",
    "treatment_start",
    "slice_thickness_mm",
    "units",
    *FACTS,
)

SEXES = {"F", "M", "O"}

NONE_SEEN = "none-seen"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row of the manifest, understood; files with their digests."""

    line: int
    subject: str
    time_point: str
    date: dt.date
    modality: str
    series: str
    image: tuple[Path, str]
    mask: tuple[Path, str] | None
    none_seen: bool
    reader: Reader
    complete: bool
    treatment_start: dt.date | None
    slice_thickness_mm: float | None
    facts: Mapping[str, str]


def plan_manifest(path: Path, plan: Plan, *, root: Path | None, today: dt.date) -> None:
    """Read a manifest and add what it holds to a plan.

    Every file named is hashed; none is decoded.

    Parameters
    ----------
    path
        The CSV; what it names lies in its folder, or below `root`.
    plan
        Is added to.
    root
        A folder that paths may also point into.
    today
        No scan is dated later.

    Raises
    ------
    ManifestError
        The table cannot be used as a whole.
    """
    given_before = set(plan.named)
    digest = cache(digest_file)
    groups: dict[tuple[str, str], list[_Entry]] = {}
    problems: dict[tuple[str, str], list[str]] = {}
    days: dict[tuple[str, str], dt.date | None] = {}
    for row in read_table(path, REQUIRED, OPTIONAL):
        key = (row.cells["subject"], row.cells["time_point"])
        groups.setdefault(key, [])
        days[key] = days.get(key) or _find_day(row)
        try:
            groups[key].append(_parse_row(row, _Files(path.parent, root, digest), today))
        except InputError as error:
            problems.setdefault(key, []).append(f"line {row.line}: {error}")
    for key, entries in groups.items():
        plan.named[key] = days[key]
        found = problems.get(key, []) + _find_contradictions(entries)
        if key in given_before:
            found.append("time_point: is also given by another path; name it once")
        if found:
            plan.refuse(*key, *found)
        else:
            plan.sources.append(_to_source(entries))
    _add_treatment_starts([entry for group in groups.values() for entry in group], plan)


@dataclass(frozen=True, slots=True)
class _Files:
    folder: Path
    root: Path | None
    digest: Callable[[Path], str]

    def find(self, column: str, text: str) -> tuple[Path, str]:
        """Return the file that a cell names, with its digest; an error names the column."""
        try:
            path = find_file(text, self.folder, self.root)
            return path, self.digest(path)
        except InputError as error:
            raise InputError(f"{column}: {error}") from None


def _find_day(row: Row) -> dt.date | None:
    """Find a row's date, whatever else is wrong with it: a refused scan was made all the same."""
    try:
        return parse_date("date", row.cells["date"])
    except InputError:
        return None


def _parse_row(row: Row, files: _Files, today: dt.date) -> _Entry:
    if row.problem:
        raise InputError(row.problem)
    cells = {column: row.cells.get(column, "") for column in (*REQUIRED, *OPTIONAL)}
    modality = MODALITIES.get(cells["modality"].upper())
    if modality is None:
        raise InputError(f"modality: {cells['modality']!r} is not one of CT, MR, PT")
    none_seen = cells["mask"].lower() == NONE_SEEN
    start, thickness = cells["treatment_start"], cells["slice_thickness_mm"]
    entry = _Entry(
        line=row.line,
        subject=parse_text("subject", cells["subject"]),
        time_point=parse_text("time_point", cells["time_point"]),
        date=parse_date("date", cells["date"], latest=today),
        modality=modality,
        series=cells["series"],
        image=files.find("image", parse_text("image", cells["image"])),
        mask=files.find("mask", cells["mask"]) if cells["mask"] and not none_seen else None,
        none_seen=none_seen,
        reader=Reader(cells["evaluator"].upper() or Reader().evaluator, cells["evaluator_id"]),
        complete=parse_flag("marks_complete", cells["marks_complete"]) or none_seen,
        treatment_start=parse_date("treatment_start", start) if start else None,
        slice_thickness_mm=parse_positive("slice_thickness_mm", thickness) if thickness else None,
        facts=_parse_facts(cells),
    )
    if cells["units"] and modality != "PT":
        raise InputError(f"units: is for PET; this is {modality}")
    if entry.mask and entry.mask[1] == entry.image[1]:
        raise InputError("mask: is the same file as the image")
    return entry


def _parse_facts(cells: Mapping[str, str]) -> dict[str, str]:
    for column in NUMBERS:
        if cells[column]:
            parse_positive(column, cells[column])
    if cells["sex"] and cells["sex"].upper() not in SEXES:
        raise InputError(f"sex: {cells['sex']!r} is not one of {', '.join(sorted(SEXES))}")
    said = {column: cells[column] for column in FACTS if cells[column]}
    units = parse_units(cells["units"])
    if units:
        said["units"] = units
    return said | ({"sex": said["sex"].upper()} if "sex" in said else {})


def _by_scan(entries: Sequence[_Entry]) -> dict[tuple[str, str], list[_Entry]]:
    scans: dict[tuple[str, str], list[_Entry]] = {}
    for entry in entries:
        scans.setdefault((entry.modality, entry.series), []).append(entry)
    return scans


def _find_contradictions(entries: Sequence[_Entry]) -> list[str]:
    """Find what the rows of one time point say against each other."""
    found = []
    dates = sorted({str(entry.date) for entry in entries})
    if len(dates) > 1:
        found.append(f"date: {' and '.join(dates)} for one time point; give each its own name")
    scans = _by_scan(entries)
    images = [rows[0].image[1] for rows in scans.values()]
    if len(set(images)) < len(images):
        found.append("image: two series of this time point are the same file")
    for (modality, series), rows in scans.items():
        where = f"lines {', '.join(str(row.line) for row in rows)}: {modality} {series!r}"
        if len({row.image[1] for row in rows}) > 1:
            found.append(f"{where} has several images; tell them apart in the column series")
        if len({(row.slice_thickness_mm, *sorted(row.facts.items())) for row in rows}) > 1:
            found.append(f"{where}: the rows of one scan state different facts of it")
        if len({row.reader for row in rows}) < len(rows):
            found.append(f"{where} has two rows of one evaluator; name them in evaluator_id")
    return found


def _add_treatment_starts(entries: Sequence[_Entry], plan: Plan) -> None:
    starts: dict[str, set[dt.date]] = {}
    for entry in entries:
        if entry.treatment_start:
            starts.setdefault(entry.subject, set()).add(entry.treatment_start)
    for subject, days in starts.items():
        if subject in plan.subjects:
            days = days | {day for day in [plan.subjects[subject].treatment_start] if day}
        if len(days) > 1:
            listed = " and ".join(str(day) for day in sorted(days))
            plan.drop_subject(subject, f"treatment_start: {listed} for one subject")
        plan.subjects[subject] = SubjectFacts(subject, treatment_start=min(days))


def _to_source(entries: Sequence[_Entry]) -> TimePointSource:
    first = entries[0]
    scans = tuple(_to_scan(rows) for rows in _by_scan(entries).values())
    return TimePointSource(first.subject, first.time_point, first.date, scans)


def _to_scan(rows: Sequence[_Entry]) -> ScanSource:
    first = rows[0]
    path, digest = first.image
    source = ScanSource(
        modality=first.modality,
        series=first.series,
        digest=digest,
        read=partial(_read_scan, path),
        marks=tuple(_to_marks(row) for row in rows if row.mask or row.none_seen),
        slice_thickness_mm=first.slice_thickness_mm,
        chosen_because="named in the manifest",
        facts=first.facts,
    )
    return _as_pet(source, path) if first.modality == "PT" else source


def _as_pet(source: ScanSource, path: Path) -> ScanSource:
    """Let a PET be stored in SUV; what its voxels are made of is part of its digest."""
    units = describe_units(source.facts)
    made_of = [source.digest, units.facts["suv_bw_factor"]] if units.converted else []
    return replace(
        source,
        digest=combine_digests("suv", made_of) if made_of else source.digest,
        read=partial(_read_pet, path, units.factor),
        facts=units.facts,
        examine=partial(doubt_suv, facts=units.facts),
    )


def _to_marks(row: _Entry) -> MarkSource:
    if row.mask is None:
        return MarkSource(row.reader, "", True, None)
    path, digest = row.mask
    combined = combine_digests("labels", [digest, row.image[1]])
    return MarkSource(row.reader, combined, row.complete, partial(_read_mask, path))


def _read_scan(path: Path) -> Image:
    image = read_volume(path)
    check_scan(image, path.name)
    return image


def _read_pet(path: Path, factor: float) -> Image:
    return convert(_read_scan(path), factor)


def _read_mask(path: Path, grid: Grid) -> Labels:
    labels = to_labels(read_volume(path), path.name)
    return split_components(place_mask(labels, grid, path.name))
