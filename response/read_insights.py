"""The background of a subject's results, from what the workspace holds."""

from __future__ import annotations

from collections.abc import Sequence

from response.errors import InputError
from response.insight import Insight, derive_insight
from response.model import Subject, SubjectFacts, SubjectResult
from response.protocol import Protocol
from response.read_streams import find_read_streams
from response.store import Store


def read_insights(
    store: Store, subject: Subject, results: Sequence[SubjectResult], protocol: Protocol
) -> tuple[Insight, ...]:
    """Derive the background of a subject's results from the readings they rest on.

    Where the readings are not there any more, or not of that line of therapy, only what the
    assessments themselves say.
    """
    (streams,) = find_read_streams(store, [subject], protocol)
    read = {stream.reader: stream for stream in streams}
    found = []
    for result in results:
        one = result.summary
        facts, stream = subject.facts, read.get(one.reader)
        same_line = (facts.line or None) == (one.line or None)
        if stream is None or not same_line:
            known = facts if same_line else SubjectFacts(one.subject, line=one.line)
            found.append(derive_insight(result, (), (), known, protocol))
            continue
        try:
            found.append(derive_insight(result, *stream.rows_for(one.criterion), facts, protocol))
        except InputError:
            found.append(derive_insight(result, (), (), facts, protocol))
    return tuple(found)
