"""What an import passes over, in a line each: nothing is left out without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from response.ingest.sdtm_files import SdtmRow
from response.ingest.sdtm_lesions import StreamLesions
from response.ingest.sdtm_stream_rows import Origins
from response.ingest.sdtm_terms import COMPARED, SUM, TR_TESTS, is_passed_over, plain
from response.ingest.sdtm_visits import Stream
from response.model import SiteResponse


def note_passed_over(
    results: Sequence[SdtmRow],
    responses: Sequence[SiteResponse],
    lesions: Mapping[Stream, StreamLesions],
    origins: Origins,
) -> Iterator[str]:
    """Say which rows are not read, not compared, count for nothing or are there twice."""
    tests = Counter(plain(row["TRTESTCD"]) for row in results)
    passed = {t: n for t, n in tests.items() if is_passed_over(t) and t not in (*TR_TESTS, SUM)}
    if passed:
        yield f"tests of TR that are not read: {_count(passed)}"
    kept = Counter(one.test for one in responses if one.test not in COMPARED)
    if kept:
        yield f"responses that are kept and not compared: {_count(kept)}"
    uncounted = sum(one.role is None for of in lesions.values() for one in of.lesions.values())
    if uncounted:
        yield f"{uncounted} lesions are benign or locations of interest: they count for nothing"
    if origins.repeated:
        first = origins.repeated[0].where
        yield f"{len(origins.repeated)} rows say again what another row says (first: {first})"


def _count(found: Mapping[str, int]) -> str:
    return ", ".join(f"{test} ({number})" for test, number in sorted(found.items()))
