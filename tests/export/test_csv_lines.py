"""Lines written quickly are those that the library's writer would write."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from response.export.csv_lines import LineWriter

cells = st.text(alphabet="ab,\"\n\r 'é;", max_size=6)
tables = st.lists(st.lists(cells, min_size=2, max_size=4), max_size=4)


@given(tables)
@example([["a", "b,c"], ["a", 'b"c'], ["a,b", "c"], ["", ""], ["a", "b\nc"], ["a\r", "b"]])
def test_every_table_is_written_as_the_library_writes_it(rows):
    ours, theirs = io.StringIO(newline=""), io.StringIO(newline="")
    LineWriter(ours).writerows(rows)
    csv.writer(theirs, lineterminator="\n").writerows(rows)
    assert ours.getvalue() == theirs.getvalue()
