"""What the other pages say of alerts: the line of a subject and of a lesion, the badge."""

from __future__ import annotations

import json

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.app import create_app
from dashboard.auth import Visitor
from dashboard.links import Place
from dashboard.pages import show_page
from response.terms import AccountRole
from response.workspace import Workspace


@pytest.fixture(scope="module")
def data(tmp_path_factory, synthetic, synthetic_alerts):
    """What pages ask of a trial with alerts."""
    workspace = Workspace.open(tmp_path_factory.mktemp("lines") / "home")
    store = synthetic.fill(workspace)
    synthetic_alerts.fill_alerts(store)
    store.close()
    server = create_app(workspace).server
    yield server.extensions["data"]
    server.extensions["store"].close()


@pytest.fixture
def shown(data):
    """Return everything that a page says to a viewer."""

    def show(page, subject="", tracking_id="", **query):
        keys = {one.subject: one.key for one in data.read_quality()[0]}
        place = Place(page, keys.get(subject, ""), tracking_id, query)
        layout = show_page(data, Visitor("vera", AccountRole.VIEWER), place)
        return json.dumps(layout, cls=PlotlyJSONEncoder, ensure_ascii=False)

    return show


@pytest.mark.parametrize("page", ["cohort", "alerts", "quality"])
def test_every_page_says_how_many_alerts_are_open(shown, page):
    assert "5 open: 3 high, 1 medium, 1 low" in shown(page)


def test_a_timeline_names_the_alerts_of_its_subject_that_stand(shown):
    words = shown("subject", "ONC-001")
    assert "alert=growth" in words
    assert "alert=near" not in words
    assert "alert=fresh" not in words


def test_a_lesion_names_its_own_alerts(shown):
    assert "alert=fresh" in shown("lesion", "ONC-002", "N1")
    assert "alert=fresh" in shown("subject", "ONC-002")
    assert "alert=growth" not in shown("lesion", "ONC-001", "T1")


def test_a_subject_without_alerts_has_no_line(shown):
    assert "alert-line" not in shown("subject", "ONC-009")


def test_the_cohort_says_what_has_stopped(shown):
    assert "given up and not delivered" in shown("cohort")


def test_who_opened_an_alert_is_in_the_audit_trail_with_its_subject(shown, data):
    shown("alerts", alert="late")
    (key,) = (one.key for one in data.read_quality()[0] if one.subject == "ONC-003")
    seen = [e for e in data.read_audit(0) if e.action == "view"]
    assert (seen[0].actor, seen[0].subject_key, seen[0].detail["page"]) == ("vera", key, "alerts")
