"""Supplemental qualifiers of TR: why a lesion was not evaluable, and what is provisional.

``TRPROVn`` says of one row, ``TPPROVn`` of its whole time point, why no person stands behind it;
this program writes them, so that what was provisional stays so wherever it is read again, and
``TPLSTDTC``, the day that the scans of a time point went on until.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from response.ingest.sdtm_files import SdtmRow
from response.ingest.sdtm_stream_rows import Origins, StreamRows
from response.ingest.sdtm_visits import Stream
from response.noted import LAST_SCAN_DATE
from response.terms import LesionState

OF_ROW, OF_TIME_POINT = "TRPROV", "TPPROV"
NOT_EVALUABLE_BECAUSE = "TRREASNE"
LAST_SCAN = "TPLSTDTC"
KNOWN = (OF_ROW, OF_TIME_POINT, NOT_EVALUABLE_BECAUSE, LAST_SCAN)

_NUMBERED = re.compile(rf"({OF_ROW}|{OF_TIME_POINT})\d*")


def add_qualifiers(
    qualifiers: Iterable[SdtmRow],
    streams: Mapping[Stream, StreamRows],
    origins: Origins,
) -> None:
    """Add what supplemental qualifiers say to the readings that their rows became."""
    said: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in qualifiers:
        numbered = _NUMBERED.fullmatch(one["QNAM"])
        name = numbered[1] if numbered else one["QNAM"]
        if one["IDVAR"] == "TRSEQ" and name in KNOWN:
            key = (one["USUBJID"], _whole(one["IDVARVAL"]))
            said.setdefault(key, []).append((name, one["QVAL"]))
    if not said:
        return
    for (subject, _reader), stream in streams.items():
        for place, read in enumerate(stream.rows):
            source = origins.rows[read.number]
            for name, text in said.get((subject, _whole(source["TRSEQ"])), ()):
                _add(stream, place, name, text)


def _add(stream: StreamRows, place: int, name: str, text: str) -> None:
    read = stream.rows[place]
    reading = read.reading
    if name == OF_TIME_POINT:
        point = stream.points[reading.time_point]
        if text not in point.provisional:
            stream.points[reading.time_point] = replace(
                point, provisional=(*point.provisional, text)
            )
        return
    if name == LAST_SCAN:
        point = stream.points[reading.time_point]
        facts = {**point.facts, LAST_SCAN_DATE: text}
        stream.points[reading.time_point] = replace(point, facts=facts)
        return
    if name == OF_ROW:
        reading = replace(reading, provisional=text)
    elif reading.state is LesionState.NOT_EVALUABLE:
        reading = replace(reading, reason=text)
    stream.rows[place] = read._replace(reading=reading)


def _whole(number: str) -> str:
    return number.partition(".")[0]
