"""From the rows of TR to readings: one lesion (or part of it) at one time point, one word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from response.criteria.lesions import NODE_NORMAL_BELOW_MM
from response.ingest.sdtm_files import SdtmRow
from response.ingest.sdtm_lesions import IdentifiedLesion, StreamLesions
from response.ingest.sdtm_results import Result, read_result
from response.ingest.sdtm_stream_rows import (
    Origins,
    StreamRows,
    add_identified,
    add_merged,
    call_new,
    find_unmeasured,
)
from response.ingest.sdtm_terms import (
    ALL,
    EITHER,
    LONG,
    SHORT,
    STATE_WORDS,
    STATES,
    SUM,
    TR_TESTS,
    VOLUME,
    is_passed_over,
    plain,
)
from response.ingest.sdtm_visits import Stream, Visits, read_reader
from response.ingest.stream_checks import ReadRow
from response.model import AssessedTimePoint, LesionReading
from response.terms import LesionState, Role

LENGTHS = (LONG, SHORT, EITHER)


@dataclass(slots=True)
class _Cell:
    """What the rows of one lesion, part and time point say together."""

    point: AssessedTimePoint
    lesion: str
    part: str
    link: str
    results: dict[str, tuple[SdtmRow, Result]] = field(default_factory=dict)

    @property
    def row(self) -> SdtmRow:
        """The first of its rows: where a mistake in it is reported."""
        return next(iter(self.results.values()))[0]


def read_readings(
    rows: Iterable[SdtmRow],
    lesions: Mapping[Stream, StreamLesions],
    visits: Visits,
    origins: Origins,
    problems: list[str],
) -> dict[Stream, StreamRows]:
    """Read TR (and what only TU says) as readings; what is wrong goes to ``problems``."""
    cells: dict[Stream, dict[tuple[str, str, str], _Cell]] = {}
    streams: dict[Stream, StreamRows] = {stream: StreamRows() for stream in lesions}
    named: dict[Stream, set[str]] = {}
    for row in rows:
        stream = (row["USUBJID"], read_reader(row, "TR"))
        if _is_sum(row):
            continue
        known = lesions.get(stream, StreamLesions())
        lesion, part = known.find(row["TRLNKID"])
        named.setdefault(stream, set()).add(lesion)
        point = visits.place(row, "TR")
        if point is None:
            continue
        made = streams.setdefault(stream, StreamRows())
        made.points.setdefault(point.time_point, point)
        if plain(row["TRTESTCD"]) == ALL or not row["TRLNKID"]:
            _read_whole(row, point, made, origins, problems)
            continue
        key = (point.time_point, lesion, part)
        of_stream = cells.setdefault(stream, {})
        cell = of_stream.setdefault(key, _Cell(point, lesion, part, row["TRLNKID"]))
        _take(row, cell, known, origins, problems)
    for stream, made in streams.items():
        known = lesions.get(stream, StreamLesions())
        problems += find_unmeasured(known, stream, named.get(stream, ()))
        _compose_all(cells.get(stream, {}).values(), known, stream, made, origins, problems)
    return {stream: made for stream, made in streams.items() if made.rows}


def _is_sum(row: SdtmRow) -> bool:
    test = plain(row["TRTESTCD"])
    whole_node_state = test == "LNSTATE" and not row["TRLNKID"]
    return test == SUM or whole_node_state or (is_passed_over(test) and test not in TR_TESTS)


def _where(row: SdtmRow, point: AssessedTimePoint) -> str:
    lesion = f", lesion {row['TRLNKID']}" if row["TRLNKID"] else ""
    return f"{row.where}: subject {row['USUBJID']}, time point {point.time_point}{lesion}: "


def _read_whole(
    row: SdtmRow,
    point: AssessedTimePoint,
    made: StreamRows,
    origins: Origins,
    problems: list[str],
) -> None:
    """A row of no lesion: the whole time point was not evaluable, or shows no disease."""
    result = read_result_of(row, problems, point)
    if result is None:
        return
    state = LesionState.NOT_EVALUABLE if result.not_done else None
    if result.word:
        state = STATE_WORDS[Role.TARGET].get(result.word)
    if state not in (LesionState.NOT_EVALUABLE, LesionState.ABSENT):
        problems.append(f"{_where(row, point)}TRLNKID is empty: name the lesion")
        return
    reading = LesionReading(
        point.time_point, point.date, "", None, state=state, reason=result.why_not
    )
    made.rows.append(ReadRow(origins.number(row), row["USUBJID"], reading, None))


def read_result_of(row: SdtmRow, problems: list[str], point: AssessedTimePoint) -> Result | None:
    """Read a row's result; ``None``, and reported, if it cannot be."""
    try:
        return read_result(row, volume=plain(row["TRTESTCD"]) == VOLUME)
    except ValueError as error:
        problems.append(f"{_where(row, point)}{error}")
        return None


def _take(
    row: SdtmRow, cell: _Cell, known: StreamLesions, origins: Origins, problems: list[str]
) -> None:
    test = plain(row["TRTESTCD"])
    where = _where(row, cell.point)
    if test not in TR_TESTS and test not in STATES:
        text = f"TRTESTCD is {row['TRTESTCD']!r}: one of {', '.join(TR_TESTS)}"
        problems.append(f"{where}{text}, or take the row out")
        return
    if cell.lesion not in known.lesions:
        who = " ".join(w for w in (row["TREVAL"] or "INVESTIGATOR", row["TREVALID"]) if w)
        text = f"TRLNKID is {row['TRLNKID']!r}, which TU does not identify for {who}"
        problems.append(f"{where}{text}: add its TU row")
        return
    result = read_result_of(row, problems, cell.point)
    if result is None:
        return
    if test in cell.results:
        other, before = cell.results[test]
        if before == result:
            origins.repeated.append(row)
            return
        problems.append(f"{where}{test} is another in {other.where}: give one of the two")
        return
    cell.results[test] = (row, result)


# --------------------------------------------------------------------------------- one reading


def _compose_all(
    cells: Iterable[_Cell],
    known: StreamLesions,
    stream: Stream,
    made: StreamRows,
    origins: Origins,
    problems: list[str],
) -> None:
    seen: set[tuple[str, str]] = set()
    for cell in cells:
        if not cell.results:
            continue
        lesion = known.lesions[cell.lesion]
        seen.add((cell.point.time_point, cell.lesion))
        if lesion.role is None:
            continue
        try:
            reading = _compose(cell, lesion, known)
        except ValueError as error:
            problems.append(f"{_where(cell.row, cell.point)}{error}")
            continue
        made.rows.append(ReadRow(origins.number(cell.row), stream[0], reading, lesion.node))
    call_new(made)
    add_identified(known, stream, made, seen, origins)
    add_merged(known, stream, made, seen, origins)


def _compose(cell: _Cell, lesion: IdentifiedLesion, known: StreamLesions) -> LesionReading:
    """One reading of all that is said of a lesion at a time point.

    Raises
    ------
    ValueError
        The rows contradict each other, or say too little to count.
    """
    assert lesion.role is not None
    length = _find_length(cell, lesion)
    state = _find_state(cell, lesion.role)
    into = ""
    if state is LesionState.MERGED:
        if cell.lesion not in known.merged:
            raise ValueError("it is merged, but no TUMERGE row of TU says into which lesion")
        into = known.merged[cell.lesion][0]
    if lesion.role is Role.TARGET and lesion.node and state is LesionState.ABSENT:
        state = None if length is not None and length < NODE_NORMAL_BELOW_MM else state
    measured = any(result.number is not None for _row, result in cell.results.values())
    if lesion.role is Role.NEW and state is None and length == 0:
        state = LesionState.ABSENT
    if lesion.role is Role.NEW and state is None and measured and length is None:
        state = LesionState.UNEQUIVOCAL
    if lesion.role is Role.NON_TARGET and state is None and measured and length is None:
        state = LesionState.PRESENT
    nothing = state is None and length is None
    return LesionReading(
        cell.point.time_point,
        cell.point.date,
        cell.lesion,
        lesion.role,
        lesion.organ,
        lesion.node,
        _method(cell, lesion),
        length,
        LesionState.NOT_EVALUABLE if nothing else state,
        cell.part,
        into,
        _why_not(cell) if nothing or state is LesionState.NOT_EVALUABLE else "",
        extra=_extra(cell),
    )


def _method(cell: _Cell, lesion: IdentifiedLesion) -> str:
    said = [row["TRMETHOD"] for row, _ in cell.results.values() if row["TRMETHOD"]]
    return said[0] if said else lesion.method


def _find_length(cell: _Cell, lesion: IdentifiedLesion) -> Decimal | None:
    """The length that counts: a node's short axis, else the longest diameter.

    Raises
    ------
    ValueError
        Of a target, only the other axis was measured.
    """
    node = lesion.node
    counted, other = (SHORT, LONG) if node else (LONG, SHORT)
    for test in (counted, EITHER):
        if test in cell.results and cell.results[test][1].number is not None:
            return cell.results[test][1].number
    only_other = other in cell.results and cell.results[other][1].number is not None
    if only_other and counted not in cell.results and lesion.role is Role.TARGET:
        what = (
            "a lymph node, so its short axis" if node else "no lymph node, so its longest diameter"
        )
        raise ValueError(
            f"it is {what} ({counted}) counts, but only {other} is given: add {counted}, "
            "or correct TULOC"
        )
    return None


def _find_state(cell: _Cell, role: Role) -> LesionState | None:
    """The state that the words of all rows give; a state's own row before a length's.

    Raises
    ------
    ValueError
        A word is not known, or two contradict each other.
    """
    words = STATE_WORDS[role]
    found: list[LesionState] = []
    for test, (row, result) in cell.results.items():
        if not result.word:
            continue
        word = result.word.partition(":")[0]
        if word not in words:
            column = "TRORRES" if row["TRORRES"] else "TRSTRESC"
            known = ", ".join(words)
            raise ValueError(f"{column} is {row[column]!r}: a number, or one of {known}")
        state = words[word]
        if state is not None and (test in LENGTHS or test in STATES):
            found.append(state)
    if len(set(found)) > 1:
        raise ValueError(f"it is {' and '.join(sorted(set(found)))} at once: give one state")
    return found[0] if found else None


def _why_not(cell: _Cell) -> str:
    for _row, result in cell.results.values():
        if result.not_done:
            return result.why_not
        if ":" in result.word:
            return result.word
    return "present, but without a length" if cell.results else ""


def _extra(cell: _Cell) -> dict[str, Decimal]:
    """Both axes and the volume, for criteria that read more than the length that counts."""
    names = {LONG: "longest_diameter_mm", SHORT: "short_diameter_mm", VOLUME: "volume_mm3"}
    said = {
        name: cell.results[test][1].number for test, name in names.items() if test in cell.results
    }
    return {name: number for name, number in said.items() if number is not None}
