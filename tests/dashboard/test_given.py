"""What reports from elsewhere say stands beside what is measured here."""

from __future__ import annotations

import json
from decimal import Decimal

from plotly.utils import PlotlyJSONEncoder

from dashboard.components.given import find_rows, given_section
from response.model import Lesion, Reader
from response.terms import Source

ROW = {
    "time_point": "TP1", "quantity": "longest_diameter", "unit": "mm", "value": Decimal("30.5"),
    "ours": Decimal("29.7"), "difference": Decimal("-0.8"), "source": "SR",
    "evaluator": "INDEPENDENT ASSESSOR", "evaluator_id": "R1", "tracking_id": "Lesion 4",
    "tracking_uid": "1.2.3", "our_evaluator": "INVESTIGATOR", "our_evaluator_id": "",
    "our_tracking_id": "L01",
}  # fmt: skip


def lesion(name, reader=Reader()):  # noqa: B008
    reader_says = Source.READER
    return Lesion(
        f"uid-{name}", name, "S", reader, None, reader_says, "", reader_says, "", False, reader_says
    )


def test_a_report_stands_beside_the_lesion_that_was_drawn():
    assert find_rows([ROW], lesion("L01"), Reader()) == [ROW]
    assert find_rows([ROW], lesion("L02"), Reader()) == []
    assert find_rows([ROW], lesion("L01"), Reader("INDEPENDENT ASSESSOR", "R2")) == []


def test_what_nobody_drew_stands_beside_its_own_readers_lesion():
    alone = {**ROW, "our_tracking_id": None, "our_evaluator": None, "our_evaluator_id": None}
    reader = Reader("INDEPENDENT ASSESSOR", "R1")
    assert find_rows([alone], lesion("Lesion 4", reader), reader) == [alone]
    assert find_rows([alone], lesion("Lesion 4"), Reader()) == []


def test_given_value_ours_and_the_difference_are_said_with_unit_and_reader():
    text = json.dumps(given_section([ROW]), cls=PlotlyJSONEncoder, ensure_ascii=False)
    for words in ("30.5", "29.7", "−0.80", "mm", "longest diameter", "Independent assessor R1"):
        assert words in text


def test_without_a_value_of_ours_no_difference_is_made_up():
    text = json.dumps(
        given_section([{**ROW, "ours": None, "difference": None}]), cls=PlotlyJSONEncoder
    )
    assert "0.00" not in text
    assert given_section([]) == []
