"""Pages show the category that stands; a superseded one is history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from dashboard.data import Data
from response.store import Store
from response.workspace import Workspace


def test_a_superseded_category_is_not_the_one_shown(tmp_path, synthetic) -> None:
    workspace = Workspace.open(tmp_path / "home")
    store = Store(workspace, keep=True)
    synthetic.write_subject(workspace, store, "ONC-001", synthetic.QUESTION)
    (made,) = store.read_results("ONC-001")
    last = made.assessments[-1]
    again = replace(last, overall_response="PD", as_of=last.as_of + dt.timedelta(days=90))
    both = replace(made, assessments=(*made.assessments, again))
    store.write_assessments("ONC-001", "recist11", made.summary.reader, "later", both, actor="test")
    data = Data(workspace, store)
    view = data.read_subject(store.read_subject("ONC-001").key, "")
    shown = [a for a in view.result.assessments if a.time_point == last.time_point]
    assert [a.overall_response for a in shown] == ["PD"]
    (entry,) = data.read_cohort().entries
    assert entry.result.assessments[-1].overall_response == "PD"
    store.close()
