"""The TU domain: which lesions a reader identified, as what, where; splits and merges."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from response.ingest.sdtm_files import SdtmRow
from response.ingest.sdtm_terms import (
    IDENTIFIED,
    ROLE_WORDS,
    ROLES,
    SPLIT,
    TU_PASSED_OVER,
    TU_TESTS,
    plain,
)
from response.ingest.sdtm_visits import Stream, Visits, read_reader
from response.model import AssessedTimePoint
from response.terms import Role

LYMPH_NODE = "LYMPH NODE"

_LETTERED = re.compile(r"(.+\d)[ ._-]?([A-Za-z])")
_SUFFIX = re.compile(r"[ ._/-]?([A-Za-z]|\d{1,2})")
_JOINED = re.compile(r"\s*[/+&,]\s*")


@dataclass(frozen=True, slots=True)
class IdentifiedLesion:
    """A lesion as TU has it. ``role`` is ``None`` where it counts for nothing (benign)."""

    row: SdtmRow
    role: Role | None
    organ: str
    node: bool
    method: str
    seen: AssessedTimePoint | None


@dataclass(slots=True)
class StreamLesions:
    """One reader's lesions of one subject by their link id.

    ``parts`` gives, for a link id, the lesion it is a part of and which; ``merged`` the lesion that
    one went into, and when.
    """

    lesions: dict[str, IdentifiedLesion] = field(default_factory=dict)
    parts: dict[str, tuple[str, str]] = field(default_factory=dict)
    merged: dict[str, tuple[str, AssessedTimePoint]] = field(default_factory=dict)

    def find(self, link: str) -> tuple[str, str]:
        """The lesion and the part of it that a link id names."""
        if link in self.parts:
            return self.parts[link]
        lettered = _LETTERED.fullmatch(link)
        if link not in self.lesions and lettered and lettered[1] in self.lesions:
            return lettered[1], lettered[2]
        return link, ""


def read_lesions(
    rows: Iterable[SdtmRow], visits: Visits, problems: list[str]
) -> dict[Stream, StreamLesions]:
    """Read TU: what each reader identified of each subject; what is wrong goes to ``problems``."""
    streams: dict[Stream, StreamLesions] = {}
    later: list[tuple[SdtmRow, StreamLesions]] = []
    for row in rows:
        test = plain(row["TUTESTCD"])
        if test in TU_PASSED_OVER or test.endswith("IND") or row["TUSTAT"]:
            continue
        stream = streams.setdefault((row["USUBJID"], read_reader(row, "TU")), StreamLesions())
        if test not in TU_TESTS:
            problems.append(_wrong(row, "TUTESTCD", row["TUTESTCD"], TU_TESTS))
        elif not row["TULNKID"]:
            problems.append(f"{_where(row)}TULNKID is empty: name the lesion")
        elif test in IDENTIFIED:
            _identify(row, stream, visits, problems)
        else:
            later.append((row, stream))
    for row, stream in later:
        if plain(row["TUTESTCD"]) == SPLIT:
            _split(row, stream, problems)
        else:
            _merge(row, stream, visits, problems)
    return streams


def _where(row: SdtmRow) -> str:
    lesion = f", lesion {row['TULNKID']}" if row["TULNKID"] else ""
    return f"{row.where}: subject {row['USUBJID']}{lesion}: "


def _wrong(row: SdtmRow, column: str, value: str, known: Iterable[str]) -> str:
    return f"{_where(row)}{column} is {value!r}: one of {', '.join(known)}"


def _identify(row: SdtmRow, stream: StreamLesions, visits: Visits, problems: list[str]) -> None:
    word = row["TUSTRESC"] or row["TUORRES"]
    if plain(word) not in ROLES:
        column = "TUSTRESC" if row["TUSTRESC"] else "TUORRES"
        problems.append(_wrong(row, column, word, ROLE_WORDS))
        return
    has_date = bool(visits.name(row, "TU"))
    made = IdentifiedLesion(
        row,
        ROLES[plain(word)],
        row["TULOC"],
        LYMPH_NODE in plain(row["TULOC"]),
        row["TUMETHOD"],
        visits.place(row, "TU") if has_date else None,
    )
    known = stream.lesions.setdefault(row["TULNKID"], made)
    if known is made:
        return
    if made.seen and known.seen and made.seen.date < known.seen.date:
        stream.lesions[row["TULNKID"]] = made
    if (known.role, plain(known.organ)) != (made.role, plain(made.organ)):
        problems.append(
            f"{_where(row)}identified as {word} of {row['TULOC'] or 'nowhere'}, but "
            f"{known.row.where} says otherwise: one lesion, one role and place"
        )


def _split(row: SdtmRow, stream: StreamLesions, problems: list[str]) -> None:
    """A fragment: its parent is the group, else what its link id begins with."""
    link, group = row["TULNKID"], row["TUGRPID"]
    parents = [group] if group in stream.lesions else []
    parents += [
        name
        for name in sorted(stream.lesions, key=len, reverse=True)
        if link.startswith(name) and _SUFFIX.fullmatch(link[len(name) :])
    ]
    if not parents:
        problems.append(
            f"{_where(row)}TUSPLIT of a lesion that TU does not identify: name it in TUGRPID"
        )
        return
    suffix = link.removeprefix(parents[0]).lstrip(" ._/-")
    stream.parts[link] = (parents[0], suffix or link)


def _merge(row: SdtmRow, stream: StreamLesions, visits: Visits, problems: list[str]) -> None:
    """A merger: of the lesions joined in the link id, or of the link id into the group's lesion."""
    link, when = row["TULNKID"], visits.place(row, "TU")
    names = _JOINED.split(link)
    if row["TUGRPID"] in stream.lesions and row["TUGRPID"] != link:
        names = [row["TUGRPID"], link]
    if len(names) < 2 or not stream.lesions.keys() >= set(names):
        problems.append(
            f"{_where(row)}TUMERGE does not say which lesions became one: put the one that is "
            "measured on in TUGRPID and the other in TULNKID, or both in TULNKID as T01/T02"
        )
    elif when is not None:
        if link not in stream.lesions:
            stream.parts[link] = (names[0], "")
        for name in names[1:]:
            stream.merged[name] = (names[0], when)
