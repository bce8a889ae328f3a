"""Annotations (AIM, versions 3 and 4, XML): lengths that a reader drew on images.

Version 3 writes values as attributes, version 4 as elements with a ``value``, ``root`` or ``code``;
what is looked for has the same names in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from response.errors import InputError
from response.ingest.report_quantities import name_quantity, parse_value
from response.ingest.reports import Group, Number, Report
from response.ingest.xml_tree import Element, read_xml
from response.model import Reader
from response.terms import Role

ROOTS = frozenset({"ImageAnnotation", "ImageAnnotationCollection"})

_ROLES = (
    ("non-target", Role.NON_TARGET),
    ("non target", Role.NON_TARGET),
    ("nontarget", Role.NON_TARGET),
    ("new lesion", Role.NEW),
    ("target", Role.TARGET),
)
"""How roles are written, at the beginning of a characteristic's or the annotation's type."""


def read_aim(path: Path) -> list[Report] | None:
    """Read the annotations of one file, one report for each; ``None`` if it holds none.

    A length in an annotation is that of a target, unless the annotation's type, or a
    characteristic in it, begins with *non-target* or *new lesion*.

    Raises
    ------
    InputError
        Not well formed, or a measurement that is no number.
    """
    root = read_xml(path, ROOTS)
    if root is None:
        return None
    anybody, anyone = _find_reader(root), _find_subjects(root)
    reports = []
    for annotation in _outermost(root, "ImageAnnotation"):
        reader = Reader(evaluator_id=_find_reader(annotation) or anybody)
        subjects = _find_subjects(annotation) or anyone
        try:
            group = _read_group(annotation)
        except InputError as error:
            raise InputError(f"annotation {path.name}: {error}") from None
        if group.numbers:
            reports.append(Report(path.name, "AIM", group.uid, reader, subjects, (group,)))
    return reports


def _read_group(annotation: Element) -> Group:
    images, studies = _all(annotation, "Image"), _all(annotation, "ImageStudy", "imageStudy")
    organ = next((_meaning(one) for one in _find_sites(annotation) if _meaning(one)), "")
    segmentation = next(_all(annotation, "Segmentation", "SegmentationEntity"), None)
    number = _said(segmentation, "segmentNumber") if segmentation else ""
    uid = _said(annotation, "uniqueIdentifier")
    if not uid:
        raise InputError("it has no unique identifier; export it again")
    studied = [one for one in studies if _said(one, "instanceUID")]
    return Group(
        uid=uid,
        lesion=_said(annotation, "name"),
        tracking_uid=_said(annotation, "trackingUniqueIdentifier"),
        role=_find_role(annotation),
        organ=organ.lower(),
        node="lymph node" in organ.lower(),
        finding=_meaning(annotation),
        numbers=tuple(_read_numbers(annotation)),
        date=next((day for one in studied if (day := _said(one, "startDate"))), ""),
        images=frozenset(filter(None, (_said(one, "sopInstanceUID") for one in images))),
        studies=frozenset(_said(one, "instanceUID") for one in studied),
        segmentation_uid=_said(segmentation, "sopInstanceUID") if segmentation else "",
        segment=int(number) if number.isdigit() else None,
    )


def _read_numbers(annotation: Element) -> Iterator[Number]:
    for calculation in _outermost(annotation, "Calculation", "CalculationEntity"):
        code, scheme, meaning = _code(calculation)
        words = [meaning, _said(calculation, "description")]
        for result in _outermost(calculation, "CalculationResult"):
            unit = _said(result, "unitOfMeasure")
            data = [_said(one, "value") for one in _outermost(result, "CalculationData")]
            texts = [text for text in data or [_said(result, "value")] if text]
            if len(texts) == 1:  # several are a histogram or a vector
                yield Number(name_quantity(code, scheme, words), unit, parse_value(texts[0]))


def _find_reader(element: Element) -> str:
    users = [one for one in element.walk() if one.name in ("User", "user")]
    names = [_said(one, "name") or _said(one, "loginName") for one in users]
    return next((name for name in names if name), "")


def _find_subjects(element: Element) -> tuple[str, ...]:
    """Find the patient's identifier, and the name to compare it with; both may be empty."""
    persons = [one for one in element.walk() if one.name in ("Person", "person")]
    said = [(_said(one, "id"), _said(one, "name")) for one in persons]
    return next((pair for pair in said if any(pair)), ())


def _find_sites(annotation: Element) -> Iterator[Element]:
    return _all(annotation, "AnatomicEntity", "ImagingPhysicalEntity")


def _find_role(annotation: Element) -> Role:
    described = [
        one for one in annotation.walk() if one.name.startswith("ImagingObservationCharacteristic")
    ]
    for said in [*map(_meaning, described), _meaning(annotation)]:
        for word, role in _ROLES:
            if said.lower().startswith(word):
                return role
    return Role.TARGET


def _outermost(element: Element, *names: str) -> Iterator[Element]:
    """Give the elements of these names that are not within each other: no part is read twice."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if one.name in names:
            yield one
        else:
            waiting += reversed(one.children)


def _all(element: Element, *names: str) -> Iterator[Element]:
    return (one for one in element.walk() if one.name in names)


def _said(element: Element, name: str) -> str:
    """What an element says under a name: an attribute, or a child's value, whatever its case."""
    wanted = name.lower()
    for key, value in element.attributes.items():
        if key.lower() == wanted and value.strip():
            return value.strip()
    for child in element.children:
        if child.name.lower() == wanted:
            held = [child.attributes.get(key, "") for key in ("value", "root", "code")]
            text = next((one for one in held if one), child.text)
            if text.strip():
                return text.strip()
    return ""


def _code(element: Element) -> tuple[str, str, str]:
    """Code, scheme and meaning of an element: version 3's attributes or version 4's type."""
    if element.attributes.get("codeValue"):
        said = [
            element.attributes.get(key, "")
            for key in ("codeValue", "codingSchemeDesignator", "codeMeaning")
        ]
        return said[0], said[1], said[2].strip()
    for child in element.children:
        if child.name == "typeCode":
            scheme = child.attributes.get("codeSystemName") or child.attributes.get("codeSystem")
            meaning = _said(child, "displayName") or child.attributes.get("codeSystem", "")
            return child.attributes.get("code", ""), scheme or "", meaning
    return "", "", element.attributes.get("codeMeaning", "").strip()


def _meaning(element: Element) -> str:
    return _code(element)[2]
