"""QIDO-RS: which studies, series and instances a patient or accession number has (PS3.18, 10.6).

What a server answers is checked against what was asked: servers differ in how they match.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from response.errors import InputError
from response.pacs.web import Server, get_json

MODALITIES = ("CT", "MR", "PT", "SEG", "RTSTRUCT", "SR")
"""What is fetched unless other modalities are named: what ``ingest`` reads."""

PAGE = 1000
MOST_RESULTS = 200_000

_UID = re.compile(r"[0-9][0-9.]{0,63}")
_PATIENT, _ACCESSION, _DATE = "00100020", "00080050", "00080020"
_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_MODALITY, _COUNT = "00080060", "00201209"
_ISSUER, _BIRTH = "00100021", "00100030"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: one of a patient, an accession number or a study; and of what kind.

    Raises
    ------
    InputError
        Not exactly one is named, or it could match more than it says.
    """

    patient: str = ""
    accession: str = ""
    study: str = ""
    modalities: tuple[str, ...] = MODALITIES
    since: dt.date | None = None

    def __post_init__(self) -> None:
        """Refuse what a server would take for a pattern or a list."""
        given = [text for text in (self.patient, self.accession, self.study) if text]
        if len(given) != 1:
            raise InputError("dicomweb: name one of --patient, --accession and --study")
        if (
            any(c in "*?\\" or not c.isprintable() for c in given[0])
            or given[0] != given[0].strip()
        ):
            raise InputError("dicomweb: an identifier is exact; no *, ?, \\ or blanks around it")
        if self.study and not _UID.fullmatch(self.study):
            raise InputError("dicomweb: --study is a UID: digits and dots")

    def matching(self) -> list[tuple[str, str]]:
        """Give the parameters of the search for studies."""
        since = f"{self.since:%Y%m%d}-" if self.since else ""
        keys = (
            ("PatientID", self.patient),
            ("AccessionNumber", self.accession),
            ("StudyInstanceUID", self.study),
            ("StudyDate", since),
        )
        asked = [(name, value) for name, value in keys if value]
        return asked + [("includefield", tag) for tag in (_ACCESSION, _ISSUER, _BIRTH)]

    def fits(self, study: Mapping[str, Any]) -> bool:
        """Tell whether a study a server answered with is one that was asked for."""
        wanted = ((_PATIENT, self.patient), (_ACCESSION, self.accession), (_STUDY, self.study))
        if any(value and value != _text(study, tag) for tag, value in wanted):
            return False
        return self.since is None or _text(study, _DATE) >= f"{self.since:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One instance to fetch, and whose it is."""

    patient_id: str
    study_uid: str
    series_uid: str
    sop_uid: str

    @property
    def path(self) -> str:
        """The path of the instance below the address of the service."""
        return f"/studies/{self.study_uid}/series/{self.series_uid}/instances/{self.sop_uid}"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a query found: all instances, how many studies, and how many series were left aside."""

    instances: tuple[Wanted, ...]
    studies: int
    left_aside: Mapping[str, int]


def find_instances(server: Server, query: Query) -> Listing:
    """Find every instance a query is after; nothing is fetched.

    Raises
    ------
    InputError
        Nothing was found; more than one person was; the server lists fewer instances than it says
        there are; or it cannot be asked.
    """
    studies = [
        study for study in _search(server, "/studies", query.matching()) if query.fits(study)
    ]
    _refuse_several_persons(studies)
    if not studies:
        raise InputError("dicomweb: the server knows no study of this query")
    found: list[Wanted] = []
    left: dict[str, int] = {}
    for study in studies:
        patient, uid = _text(study, _PATIENT), _uid(study, _STUDY)
        for series in _search(server, f"/studies/{uid}/series", [("includefield", _COUNT)]):
            modality = _text(series, _MODALITY)
            if modality not in query.modalities:
                left[modality or "unknown"] = left.get(modality or "unknown", 0) + 1
                continue
            found += _list_series(server, patient, uid, series)
    if not found:
        raise InputError(
            f"dicomweb: the {len(studies)} studies found hold no {', '.join(query.modalities)}"
        )
    return Listing(tuple(dict.fromkeys(found)), len(studies), left)


def _list_series(
    server: Server, patient: str, study: str, series: Mapping[str, Any]
) -> list[Wanted]:
    uid = _uid(series, _SERIES)
    path = f"/studies/{study}/series/{uid}/instances"
    instances = {_uid(one, _INSTANCE) for one in _search(server, path, ())}
    said = _text(series, _COUNT)
    if said.isdecimal() and len(said) < 9 and len(instances) < int(said):
        raise InputError(
            f"dicomweb: the server says that a series has {said} instances and lists "
            f"{len(instances)}; ask again when the study is whole there"
        )
    return [Wanted(patient, study, uid, sop) for sop in sorted(instances)]


def _refuse_several_persons(studies: Sequence[Mapping[str, Any]]) -> None:
    """One number may stand for two persons: accession numbers of two sites, ids of two issuers."""
    for tag, what in (
        (_PATIENT, "patient identifiers"),
        (_ISSUER, "issuers of the patient identifier"),
        (_BIRTH, "dates of birth"),
    ):
        values = {_text(study, tag) for study in studies} - {""}
        if len(values) > 1:
            raise InputError(
                f"dicomweb: the studies found carry {len(values)} {what}; they may be of several "
                "persons: ask by --study, one at a time"
            )


def _search(
    server: Server, path: str, query: Sequence[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    """Yield all results, page by page; a server that ignores pages repeats itself: the end."""
    seen: set[tuple[str, ...]] = set()
    while len(seen) <= MOST_RESULTS:
        page = get_json(server, path, [*query, ("limit", str(PAGE)), ("offset", str(len(seen)))])
        fresh = 0
        for one in page:
            if not isinstance(one, dict):
                raise InputError("dicomweb: the answer to a query is not DICOM JSON")
            key = tuple(_text(one, tag) for tag in (_STUDY, _SERIES, _INSTANCE))
            if key not in seen:
                seen.add(key)
                fresh += 1
                yield one
        if not fresh or len(page) < PAGE:
            return
    raise InputError(f"dicomweb: more than {MOST_RESULTS} results; ask for less")


def _uid(item: Mapping[str, Any], tag: str) -> str:
    """Give a UID that may be put into a path."""
    uid = _text(item, tag)
    if not _UID.fullmatch(uid):
        raise InputError("dicomweb: the server answers with something that is no UID")
    return uid


def _text(item: Mapping[str, Any], tag: str) -> str:
    """Give the first value of an attribute of DICOM JSON (PS3.18, F.2) as text.

    Examples
    --------
    >>> _text({"00080060": {"vr": "CS", "Value": ["CT"]}}, "00080060")
    'CT'
    >>> _text({"00080060": {"vr": "CS"}}, "00080060")
    ''
    """
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    if not isinstance(values, list) or not values or values[0] is None:
        return ""
    return str(values[0]).strip()
