"""One reader's scans in order, and which time point is the baseline."""

from __future__ import annotations

import datetime as dt

import pytest

from response.model import MarkSet, Reader, Scan, SubjectFacts, TimePoint
from response.streams import build_streams, find_baseline, successive_pairs

ONE, TWO = Reader(), Reader("INDEPENDENT ASSESSOR", "R2")


def scan(name: str, day: dt.date, modality: str = "CT", series: str = "") -> Scan:
    scan_id = f"{name}-{modality}-{series}"
    return Scan(
        scan_id, "S1", name, day, modality, series, f"images/{scan_id}", scan_id, 2,
        (0, 0, 0, 9, 9, 9),
    )  # fmt: skip


def marks(on: Scan, reader: Reader = ONE, complete: bool = True) -> MarkSet:
    return MarkSet(
        f"m-{on.scan_id}-{reader.evaluator_id}", on.scan_id, reader, "", "", (), complete
    )


def time_point(name: str, month: int, *readers: Reader, modality: str = "CT") -> TimePoint:
    day = dt.date(2025, month, 10)
    made = scan(name, day, modality)
    return TimePoint("S1", name, day, (made,), tuple(marks(made, r) for r in readers))


def test_scans_are_ordered_by_date_never_by_name() -> None:
    points = [time_point("a-last", 9, ONE), time_point("z-first", 1, ONE), time_point("m", 5, ONE)]
    (stream,) = build_streams("S1", points)
    assert [s.time_point.time_point for s in stream.stops] == ["z-first", "m", "a-last"]


def test_readers_are_separate_streams_over_the_same_pairs() -> None:
    points = [time_point("B", 1, ONE, TWO), time_point("F", 2, ONE, TWO)]
    streams = build_streams("S1", points)
    assert [s.reader for s in streams] == [TWO, ONE] or [s.reader for s in streams] == [ONE, TWO]
    assert len(successive_pairs(streams)) == 1


def test_a_time_point_a_reader_did_not_read_is_in_the_stream_unread() -> None:
    points = [time_point("B", 1, ONE, TWO), time_point("F", 2, ONE)]
    stream = next(s for s in build_streams("S1", points) if s.reader == TWO)
    assert [s.read for s in stream.stops] == [True, False]


def test_scans_without_marks_are_still_paired() -> None:
    streams = build_streams("S1", [time_point("B", 1), time_point("F", 2)])
    assert len(successive_pairs(streams)) == 1


def test_like_is_paired_with_like() -> None:
    def point(name: str, month: int) -> TimePoint:
        day = dt.date(2025, month, 10)
        ct, pet = scan(name, day, "CT"), scan(name, day, "PT")
        return TimePoint("S1", name, day, (pet, ct), (marks(ct), marks(pet)))

    (stream,) = build_streams("S1", [point("B", 1), point("F", 2)])
    assert [s.scan.modality for s in stream.stops] == ["CT", "CT"]
    assert [[s.modality for s, _ in stop.others] for stop in stream.stops] == [["PT"], ["PT"]]


def pairs_of(*visits: str) -> list[tuple[str, str]]:
    """Pair scans of visits, each given by its modalities: those in capitals are marked."""
    points = []
    for month, visit in enumerate(visits, 1):
        day = dt.date(2025, month, 10)
        made = {word: scan(f"T{month}", day, word.upper()) for word in visit.split()}
        read = tuple(marks(one) for word, one in made.items() if word.isupper())
        points.append(TimePoint("S1", f"T{month}", day, tuple(made.values()), read))
    return [(a.scan_id, b.scan_id) for a, b in successive_pairs(build_streams("S1", points))]


def test_pet_is_paired_with_the_pet_of_pet_ct_where_there_is_no_ct() -> None:
    assert pairs_of("CT PT", "PT", "CT PT") == [("T1-PT-", "T2-PT-"), ("T2-PT-", "T3-PT-")]


def test_ct_is_paired_with_ct_where_there_is_no_pet() -> None:
    assert pairs_of("CT PT", "CT", "CT PT") == [("T1-CT-", "T2-CT-"), ("T2-CT-", "T3-CT-")]


def test_a_scan_that_was_not_marked_leads_on_where_no_other_is_alike() -> None:
    assert pairs_of("CT pt", "PT") == [("T1-PT-", "T2-PT-")]


def test_scans_that_have_nothing_alike_are_paired_all_the_same() -> None:
    assert pairs_of("CT", "PT") == [("T1-CT-", "T2-PT-")]


def test_the_ct_measures_even_where_the_pet_was_marked_more_often() -> None:
    def point(name: str, month: int, ct_read: bool) -> TimePoint:
        day = dt.date(2025, month, 10)
        ct, pet = scan(name, day, "CT"), scan(name, day, "PT")
        return TimePoint("S1", name, day, (pet, ct), (marks(pet), *([marks(ct)] * ct_read)))

    (stream,) = build_streams("S1", [point("B", 1, True), point("F", 2, False)])
    assert [s.scan.modality for s in stream.stops] == ["CT", "CT"]


def test_marks_on_the_pet_alone_do_not_vouch_for_the_ct() -> None:
    day = dt.date(2025, 1, 10)
    ct, pet = scan("B", day, "CT"), scan("B", day, "PT")
    first = TimePoint("S1", "A", day, (ct, pet), (marks(ct), marks(pet)))
    ct, pet = scan("F", day, "CT"), scan("F", day, "PT")
    second = TimePoint("S1", "F", day, (ct, pet), (marks(pet),))
    (stream,) = build_streams("S1", [first, second])
    assert [s.complete for s in stream.stops] == [True, False]


def facts(start: dt.date | None) -> SubjectFacts:
    return SubjectFacts("S1", treatment_start=start)


@pytest.mark.parametrize(
    ("start", "name", "assumed"),
    [
        (dt.date(2025, 2, 10), "B2", False),  # the day of the start itself counts
        (dt.date(2025, 2, 9), "B1", False),
        (dt.date(2025, 1, 1), "B1", True),  # nothing was read by then
        (None, "B1", True),
    ],
)
def test_the_baseline_is_the_last_scan_on_or_before_treatment(
    start: dt.date | None, name: str, assumed: bool
) -> None:
    points = [time_point(n, m, ONE) for n, m in (("B1", 1), ("B2", 2), ("F1", 3))]
    (stream,) = build_streams("S1", points)
    found = find_baseline(stream, facts(start))
    assert (found.time_point, found.assumed) == (name, assumed)


def test_a_baseline_over_28_days_old_is_warned_of() -> None:
    (stream,) = build_streams("S1", [time_point("B", 1, ONE), time_point("F", 6, ONE)])
    assert not find_baseline(stream, facts(dt.date(2025, 2, 7))).warning
    assert "29 days" in find_baseline(stream, facts(dt.date(2025, 2, 8))).warning


def test_the_baseline_is_one_the_reader_read() -> None:
    points = [time_point("B1", 1, ONE, TWO), time_point("B2", 2, ONE), time_point("F", 3, ONE, TWO)]
    stream = next(s for s in build_streams("S1", points) if s.reader == TWO)
    assert find_baseline(stream, facts(dt.date(2025, 2, 20))).time_point == "B1"
