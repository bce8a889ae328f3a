"""Measurements in structured reports (SR, template TID 1500, and annotations written as SR)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydicom import Dataset

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, quiet, read_dataset, text_of
from response.ingest.report_quantities import name_quantity, parse_value
from response.ingest.reports import Group, Number, Report
from response.model import Reader
from response.terms import Role

REPORTS = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{kind}" for kind in ("11", "22", "33", "34"))
"""Basic text, enhanced, comprehensive and comprehensive 3D reports."""

MAX_ITEMS = 200_000
MAX_DEPTH = 60

_GROUP, _ANNOTATION = "125007", "aim annotation"
_PERSON = "121006"
_ANATOMY = {"91723000", "123037004", "T-D000A", "R-40000"}
"""Categories of findings that are normal anatomy."""


def read_report(path: Path) -> Report | None:
    """Read the measurement groups of a report; ``None`` where it has none.

    Raises
    ------
    InputError
        Damaged, or larger or deeper than any report.
    """
    dataset = read_dataset(path, pixels=True)
    try:
        with quiet():
            groups = tuple(_read_groups(dataset))
            if not groups:
                return None
            person, name = _find_observer(dataset)
            if not person:
                groups = tuple(_without_reading(group) for group in groups)
            said = (text_of(dataset, "PatientID"), text_of(dataset, "PatientName"))
            subjects = said if any(said) else ()
            uid = text_of(dataset, "SOPInstanceUID")
            return Report(path.name, "SR", uid, Reader(evaluator_id=name), subjects, groups)
    except InputError as error:
        raise type(error)(f"report {path.name}: {error}") from None
    except DAMAGE:
        raise InputError(f"report {path.name}: damaged or truncated; export it again") from None


def _read_groups(dataset: Any) -> Iterator[Group]:
    studies = frozenset(filter(None, [text_of(dataset, "StudyInstanceUID")]))
    date = text_of(dataset, "StudyDate")
    stated = {_name(item)[1]: item for item in _walk(dataset) if _name(item)[1] == "study date"}
    if not date and stated:
        date = text_of(stated["study date"], "Date")
    for item in _walk(dataset):
        code, meaning = _name(item)
        if item.get("ValueType") == "CONTAINER" and (code == _GROUP or meaning == _ANNOTATION):
            for part in _split_group(item):
                yield _read_group(part, studies, date)


def _split_group(item: Any) -> list[Any]:
    """Give one item per lesion: some viewers write several into one group, one after another.

    Each begins with its tracking identifier; TID 1501 has one in a group.
    """
    children = list(item.get("ContentSequence") or ())
    words = ("112039", "112040")
    tracked = [[at for at, one in enumerate(children) if _name(one)[0] == word] for word in words]
    starts = max(tracked, key=len) if len(tracked[0]) != len(tracked[1]) else tracked[0]
    if len(starts) < 2:
        return [item]
    if len(tracked[0]) == len(tracked[1]):
        starts = [min(pair) for pair in zip(*tracked, strict=True)]
    head, ends = children[: starts[0]], [*starts[1:], len(children)]
    parts = []
    for start, end in zip(starts, ends, strict=True):
        part = Dataset()
        part.ValueType, part.ConceptNameCodeSequence = "CONTAINER", item.ConceptNameCodeSequence
        part.ContentSequence = [*head, *children[start:end]]
        parts.append(part)
    return parts


def _read_group(item: Any, studies: frozenset[str], date: str) -> Group:
    items = list(_walk(item))
    finding = _find(items, "121071", "finding")
    site = _find(items, "G-C0E3", "363698007", "finding site", "anatomic entity")
    segment, number = _find_segment(items)
    organ = _meaning(site).lower()
    images = {
        text_of(image, "ReferencedSOPInstanceUID")
        for one in items
        if one.get("ValueType") == "IMAGE" and one is not segment
        for image in one.get("ReferencedSOPSequence") or ()
    }
    drawn = text_of(segment.ReferencedSOPSequence[0], "ReferencedSOPInstanceUID") if segment else ""
    category = _find(items, "276214006", "finding category")
    normal = category is not None and _concept(category)[0] in _ANATOMY
    tracking_uid = _text(_direct(item, "112040"))
    return Group(
        uid=tracking_uid if _name(item)[1] == _ANNOTATION else "",
        lesion=_text(_direct(item, "112039")),
        tracking_uid="" if _name(item)[1] == _ANNOTATION else tracking_uid,
        role=None if drawn or normal else Role.TARGET,
        organ=organ,
        node="lymph node" in f"{organ} {_meaning(finding).lower()}",
        finding=_meaning(finding),
        numbers=tuple(_read_numbers(items)),
        date=date,
        images=frozenset(filter(None, images)),
        studies=studies,
        segmentation_uid=drawn,
        segment=number,
    )


def _without_reading(group: Group) -> Group:
    """A device's numbers are no person's reading."""
    said = {name: getattr(group, name) for name in Group.__slots__}
    return Group(**said | {"role": None})


def _read_numbers(items: list[Any]) -> Iterator[Number]:
    for item in items:
        values = item.get("MeasuredValueSequence")
        if item.get("ValueType") != "NUM" or not values or not _is_content(item):
            continue
        said = text_of(values[0], "NumericValue")
        if not said:  # a qualifier in its place says why there is none
            continue
        code, scheme, meaning = _concept_name(item)
        words = [meaning]
        if meaning.lower() == "calculation result":
            code, scheme, words = "", "", _find_calculation(item, items) or words
        derivation = _meaning(_direct(item, "121401", "derivation"))
        units = values[0].get("MeasurementUnitsCodeSequence")
        unit = text_of(units[0], "CodeValue") if units else ""
        yield Number(name_quantity(code, scheme, words, derivation), unit, parse_value(said))


def _is_content(item: Any) -> bool:
    """Tell a measurement from what describes one, or the circumstances of the observation."""
    return text_of(item, "RelationshipType") in ("CONTAINS", "")


def _find_calculation(item: Any, items: list[Any]) -> list[str]:
    """Find what the container of a result says it is: its method and description."""
    for one in items:
        if any(child is item for child in one.get("ContentSequence") or ()):
            method = _direct(one, "G-C036", "measurement method")
            text = _direct(one, "", "calculation description")
            return [word for word in (_meaning(method), _text(text)) if word]
    return []


def _find_segment(items: list[Any]) -> tuple[Any | None, int | None]:
    for item in items:
        code, meaning = _name(item)
        if item.get("ValueType") == "IMAGE" and (
            code == "121191" or meaning in ("referenced segment", "referenced segmentation frame")
        ):
            image = item.ReferencedSOPSequence[0]
            numbers = image.get("ReferencedSegmentNumber")
            first = numbers[0] if hasattr(numbers, "__getitem__") else numbers
            return item, int(first) if first is not None else None
    return None, None


def _find_observer(dataset: Any) -> tuple[bool, str]:
    """Whether a person measured, and who."""
    items = list(_walk(dataset))
    name = _find(items, "121008", "person observer name")
    kinds = [_concept(item)[0] for item in items if _name(item)[0] == "121005"]
    return name is not None or _PERSON in kinds, _text(name)


def _walk(item: Any) -> Iterator[Any]:
    """Give the content below an item in order, bounded."""
    waiting = [(child, 1) for child in reversed(item.get("ContentSequence") or [])]
    count = 0
    while waiting:
        one, depth = waiting.pop()
        count += 1
        if count > MAX_ITEMS or depth > MAX_DEPTH:
            raise InputError("more content, or deeper, than any report")
        yield one
        children = one.get("ContentSequence") or []
        waiting += [(child, depth + 1) for child in reversed(children)]


def _find(items: list[Any], *words: str) -> Any | None:
    return next((one for one in items if not set(_name(one)).isdisjoint(words)), None)


def _direct(item: Any, *words: str) -> Any | None:
    return _find(list(item.get("ContentSequence") or ()), *(word for word in words if word))


def _name(item: Any) -> tuple[str, str]:
    code, _scheme, meaning = _concept_name(item)
    return code, meaning.lower()


def _concept_name(item: Any) -> tuple[str, str, str]:
    return _read_code(item.get("ConceptNameCodeSequence"))


def _concept(item: Any | None) -> tuple[str, str, str]:
    return _read_code(item.get("ConceptCodeSequence") if item is not None else None)


def _read_code(sequence: Any) -> tuple[str, str, str]:
    if not sequence:
        return "", "", ""
    code = sequence[0]
    value = text_of(code, "CodeValue") or text_of(code, "LongCodeValue")
    return value, text_of(code, "CodingSchemeDesignator"), text_of(code, "CodeMeaning")


def _meaning(item: Any | None) -> str:
    return _concept(item)[2]


def _text(item: Any | None) -> str:
    if item is None:
        return ""
    for name in ("TextValue", "UID", "PersonName", "Date"):
        if item.get(name):
            return text_of(item, name)
    return ""
