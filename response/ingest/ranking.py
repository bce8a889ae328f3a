"""Which volume of a modality is taken of a time point: stated rules, and what was not taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from response.errors import GeometryError, InputError
from response.ingest.arranging import find_normal
from response.ingest.drawings import Drawing
from response.ingest.headers import Series
from response.ingest.series import SCOUTS, Stack, build_stacks
from response.ingest.split import FEWEST_SLICES

Drawn = Mapping[str, Sequence[Drawing]]
"""Drawings by the UID of the series they were made on."""

_DERIVED = frozenset({"DERIVED", "SECONDARY"})
_PROJECTIONS = frozenset(
    {"MIP", "MIPR", "MINIP", "MINMIP", "PROJECTION", "VRT", "RENDERED", "RENDERING", "SSD"}
)
_NOT_MAGNITUDE = frozenset(
    {"P", "PHASE", "R", "REAL", "I", "IMAGINARY", "PHASE MAP", "VELOCITY", "MIXED"}
)
_UNITS = ("BQML", "GML", "CNTS", "PROPCNTS")
_COVERS = 0.9
_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """One volume that could be taken, with what was drawn on it."""

    stack: Stack
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A volume taken of a time point, and why.

    ``series`` is empty, except where several of one modality are taken: then it names this one.
    """

    stack: Stack
    drawings: tuple[Drawing, ...]
    reason: str
    series: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Less is better."""

    why: str
    key: Callable[[Candidate], object]


def choose_scans(
    candidates: Sequence[Series], drawn: Drawn, *, pet: Stack | None = None
) -> tuple[Chosen, ...]:
    """Choose what is taken of one modality of a time point: one volume, or each that is marked.

    In this order: something was drawn on it; original rather than derived; magnitude rather than
    phase (MR); of CT and MR beside a PET, in its frame of reference, and as long; of PET,
    attenuation-corrected, and in quantitative units (BQML, GML, CNTS); thinner slices; more slices
    (so that a complete part goes before one cut short); the lower series number; of several parts
    the first, of PET the last. Localisers, projections and what is not a regular volume are left.

    Parameters
    ----------
    candidates
        The series of one subject, day and modality.
    drawn
        What was drawn on which.
    pet
        The PET of the same time point.

    Raises
    ------
    InputError
        None can be taken, or a marked one cannot; with the reason for each.
    """
    usable, left = _list_usable(candidates, drawn)
    if not usable:
        raise InputError(f"no series can be used: {'; '.join(left) or 'there is none'}")
    marked = [one for one in usable if one.drawings]
    rules = _list_rules(usable[0].stack.series.modality, pet)
    if len(marked) > 1:
        return _take_each(marked, usable, rules, left)
    ranks = [tuple(rule.key(one) for rule in rules) for one in usable]
    best = ranks.index(min(ranks))
    reason = _explain(usable, ranks, best, rules, left)
    return (Chosen(usable[best].stack, usable[best].drawings, reason),)


def _list_usable(candidates: Sequence[Series], drawn: Drawn) -> tuple[list[Candidate], list[str]]:
    usable: list[Candidate] = []
    left: list[str] = []
    for series in sorted(candidates, key=_order):
        drawings = drawn.get(series.uid, ())
        try:
            usable += _build_usable(series, drawings)
        except InputError as error:
            if drawings:
                raise InputError(
                    f"{series.name}, which is marked, cannot be used: {error}"
                ) from None
            left.append(f"{series.name}: {error}")
    return usable, left


def _build_usable(series: Series, drawings: Sequence[Drawing]) -> list[Candidate]:
    if not drawings and series.slices and SCOUTS & series.slices[0].image_type:
        raise GeometryError("a localiser")
    stacks = build_stacks(series)
    if not drawings and _PROJECTIONS & _split_words(stacks[0].image_type):
        raise GeometryError("a projection, not slices")
    if len(stacks[0].slices) < FEWEST_SLICES and not drawings:
        raise GeometryError(f"only {len(stacks[0].slices)} slices")
    if len(stacks) == 1:
        return [Candidate(stacks[0], tuple(drawings))]
    return _share_out(stacks, drawings)


def _share_out(stacks: Sequence[Stack], drawings: Sequence[Drawing]) -> list[Candidate]:
    """Give each drawing to the part of a series whose images it names."""
    shares: list[list[Drawing]] = [[] for _ in stacks]
    images = [{image.sop_uid for image in stack.slices} for stack in stacks]
    for drawing in drawings:
        named = [number for number, uids in enumerate(images) if uids & drawing.image_uids]
        if len(named) != 1:
            raise GeometryError(
                f"it holds {len(stacks)} volumes ({stacks[0].name} …) and a drawing does not name "
                "the images of one; export the volume that was drawn on as a series of its own"
            )
        shares[named[0]].append(drawing)
    return [Candidate(*pair) for pair in zip(stacks, map(tuple, shares), strict=True)]


def _split_words(image_type: frozenset[str]) -> set[str]:
    return {word for part in image_type for word in re.split(r"[ _]+", part)}


def _order(series: Series) -> tuple[float, str]:
    number = series.number
    return (float(number) if number.lstrip("-").isdigit() else float("inf"), series.uid)


def _list_rules(modality: str, pet: Stack | None) -> tuple[_Rule, ...]:
    special: tuple[_Rule, ...] = ()
    if modality == "PT":
        special = (
            _Rule("attenuation-corrected", lambda one: not is_attenuation_corrected(one.stack)),
            _Rule("quantitative units", lambda one: _rank_units(one.stack)),
        )
    else:
        special = (
            _Rule("magnitude, not phase", lambda one: bool(_NOT_MAGNITUDE & one.stack.image_type)),
        )
        if pet is not None:
            special += (
                _Rule("in the frame of reference of the PET", lambda o: not _share(o.stack, pet)),
                _Rule("as long as the PET", lambda one: _covered(one.stack, pet) < _COVERS),
            )
    return (
        _Rule("a segmentation was drawn on it", lambda one: not one.drawings),
        _Rule("original, not derived", lambda one: bool(_DERIVED & one.stack.image_type)),
        *special,
        _Rule("thinner slices", lambda one: round(one.stack.thickness_mm, 2)),
        _Rule("more slices", lambda one: -len(one.stack.slices)),
        _Rule("lower series number", lambda one: _order(one.stack.series)),
        _Rule(
            "the last of its parts" if modality == "PT" else "the first of its parts",
            lambda one: _rank_part(one.stack),
        ),
    )


def is_attenuation_corrected(stack: Stack) -> bool:
    """Whether a PET says that it is corrected for attenuation."""
    said = stack.series.said
    if said.get("AttenuationCorrected"):
        return said["AttenuationCorrected"] == "YES"
    return "ATTN" in said.get("CorrectedImage", "").split("\\")


def _rank_units(stack: Stack) -> int:
    units = stack.series.said.get("Units", "")
    return _UNITS.index(units) if units in _UNITS else len(_UNITS)


def _share(stack: Stack, pet: Stack) -> bool:
    frame = stack.series.frame_of_reference
    return bool(frame) and frame == pet.series.frame_of_reference


def _covered(stack: Stack, pet: Stack) -> float:
    """How much of the PET's length a stack covers, 0 to 1."""
    normal = find_normal(pet.slices[0])
    ends = [
        sorted(float(np.dot(one.slices[end].position, normal)) for end in (0, -1))
        for one in (stack, pet)
    ]
    shared = min(ends[0][1], ends[1][1]) - max(ends[0][0], ends[1][0])
    return max(0.0, shared) / max(pet.length_mm, 1e-6)


def _rank_part(stack: Stack) -> int:
    if stack.part is None:
        return 0
    return -stack.part.number if stack.series.modality == "PT" else stack.part.number


def _take_each(
    marked: Sequence[Candidate],
    usable: Sequence[Candidate],
    rules: Sequence[_Rule],
    left: Sequence[str],
) -> tuple[Chosen, ...]:
    """Take every marked volume under a name of its own; refuse where the names do not differ."""
    names = [_name(one.stack) for one in marked]
    if len(set(names)) < len(names) or not all(names):
        listed = ", ".join(one.stack.name for one in marked)
        raise InputError(
            f"segmentations were drawn on several series ({listed}); keep those of one, or give "
            "the series different descriptions"
        )
    ranks = [tuple(rule.key(one) for rule in rules) for one in usable]
    return tuple(
        Chosen(one.stack, one.drawings, _explain(usable, ranks, usable.index(one), rules, left), n)
        for one, n in zip(marked, names, strict=True)
    )


def _name(stack: Stack) -> str:
    """A name that the like series of another day has too: its description, plainly written."""
    described = stack.series.said.get("SeriesDescription", "")
    if stack.part and described:
        described += " " + stack.part.by
    return " ".join(re.findall(r"[^\W_]+", described.casefold()))


def _explain(
    usable: Sequence[Candidate],
    ranks: Sequence[tuple[object, ...]],
    best: int,
    rules: Sequence[_Rule],
    left: Sequence[str],
) -> str:
    stack = usable[best].stack
    if usable[best].drawings:
        why = rules[0].why
    elif len(usable) == 1:
        why = "the only volume"
    else:
        second = min(rank for number, rank in enumerate(ranks) if number != best)
        pairs = zip(ranks[best], second, strict=True)
        why = rules[next(n for n, (a, b) in enumerate(pairs) if a != b)].why
    taken = {id(one) for n, one in enumerate(usable) if n == best or one.drawings}
    others = [
        f"{one.stack.name}: {len(one.stack.slices)} slices of {one.stack.thickness_mm:g} mm"
        for one in usable
        if id(one) not in taken
    ]
    if len(others) > _MOST_NAMED:
        others = [*others[:_MOST_NAMED], f"{len(others) - _MOST_NAMED} more volumes"]
    aside = f"; not taken: {'; '.join([*others, *left])}" if others or left else ""
    what = (
        f"{stack.name} ({stack.series.modality}, {len(stack.slices)} slices of "
        f"{stack.thickness_mm:g} mm)"
    )
    return f"{what}: {why}{aside}"
