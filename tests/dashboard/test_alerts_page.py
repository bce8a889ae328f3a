"""The inbox as a tree of components, without a browser."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.alert_list import Wanted, choose_records, count_open, read_wanted
from dashboard.auth import Visitor
from dashboard.components.alert_detail import alert_detail
from dashboard.components.alerts import (
    LINE_SHOWN,
    alert_line,
    inbox_link,
    watch_banner,
    whose_reading,
)
from dashboard.inbox import Inbox, InboxView, Opened, Watch
from dashboard.links import Place, parse_place, write_place
from dashboard.pages import alerts
from response.alerts.delivery.outbox import Posted
from response.alerts.record import AlertRecord
from response.alerts.runner.beat import Beat
from response.alerts.runner.beat_file import change_beat
from response.model import Reader
from response.terms import AccountRole, AlertChange, Outcome, Severity
from response.workspace import Workspace

ADMIN, READER, VIEWER = (Visitor(role.value, role) for role in AccountRole)
NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def as_text(layout):
    return json.dumps(layout, cls=PlotlyJSONEncoder, ensure_ascii=False)


def find(layout, kind):
    """Return all components of a kind below a layout."""
    found = []
    for item in layout if isinstance(layout, (list, tuple)) else [layout]:
        if hasattr(item, "to_plotly_json"):
            found += [item] if type(item).__name__ == kind else []
            below = getattr(item, "children", None)
            found += find([] if below is None else below, kind)
    return found


def links(layout):
    return [one.href for one in find(layout, "Link")]


@pytest.fixture
def records(synthetic_alerts):
    """The made-up alerts, each with what became of it."""
    return tuple(
        AlertRecord(
            replace(one, subject_key="k" + one.subject[-3:] if one.subject else ""),
            tuple(e for e in synthetic_alerts.EVENTS if e.alert_id == one.alert_id),
        )
        for one in synthetic_alerts.ALERTS
    )


@pytest.fixture
def record(records):
    return lambda name: next(one for one in records if one.alert.alert_id == name)


@pytest.fixture
def view(records, synthetic_alerts):
    """Return what the page shows of the made-up alerts, as an address asks."""

    def make(known=records, opened=None, watch=None, outbox=(), missing=False, **query):
        wanted = read_wanted(query)
        today = synthetic_alerts.TODAY
        return InboxView(
            wanted=wanted,
            chosen=choose_records(known, wanted, today, "rita"),
            considered=choose_records(known, Wanted(wanted.state), today, "rita"),
            subject="",
            opened=Opened(opened, (opened.alert,), ()) if opened else None,
            missing=missing,
            names=("anna", "rita"),
            outbox=outbox,
            watch=watch or Watch(NOON),
            today=today,
            zone=dt.UTC,
        )

    return make


@pytest.fixture
def later(synthetic_alerts):
    """Return a record to which something more has happened."""

    def add(record, change, **more):
        event = synthetic_alerts.make_event(record.alert.alert_id, change, days_ago=1, **more)
        return replace(record, events=(*record.events, event))

    return add


def names(found):
    return [one.alert.alert_id for one in found]


def test_the_gravest_come_first_and_then_the_newest(records, record, synthetic_alerts):
    again = synthetic_alerts.make_event("silent", AlertChange.REOPENED, days_ago=3)
    silent = replace(record("silent"), events=(*record("silent").events, again))
    known = [silent if one.alert.alert_id == "silent" else one for one in records]
    found = choose_records(known, Wanted(), synthetic_alerts.TODAY, "")
    assert names(found) == ["silent", "fresh", "growth", "late", "waits"]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({}, {"growth", "fresh", "silent", "late", "waits"}),
        ({"state": "ended"}, {"near", "gone"}),
        ({"severity": "low"}, {"waits"}),
        ({"rule": "new_lesion"}, {"fresh"}),
        ({"state": "all", "subject": "k001"}, {"growth", "near"}),
        ({"state": "nonsense", "severity": "awful", "rule": "scan_overdue"}, {"late"}),
    ],
)
def test_the_address_says_which_alerts_are_shown(records, synthetic_alerts, query, kept):
    found = choose_records(records, read_wanted(query), synthetic_alerts.TODAY, "rita")
    assert set(names(found)) == kept


@pytest.mark.parametrize(("asked", "kept"), [("me", 1), ("rita", 1), ("anna", 0), ("nobody", 6)])
def test_alerts_are_found_by_whose_they_are(records, record, later, synthetic_alerts, asked, kept):
    mine = later(record("growth"), AlertChange.ASSIGNED, actor="anna", value="rita")
    known = [mine if one.alert.alert_id == "growth" else one for one in records]
    wanted = Wanted("all", assignee=asked)
    assert len(choose_records(known, wanted, synthetic_alerts.TODAY, "rita")) == kept


def test_a_snoozed_alert_counts_as_open_from_its_day_on(record, later, synthetic_alerts):
    today = synthetic_alerts.TODAY
    until = (today + dt.timedelta(days=1)).isoformat()
    snoozed = later(record("growth"), AlertChange.SNOOZED, actor="rita", value=until)
    assert count_open([snoozed], today)[Severity.HIGH] == 0
    assert count_open([snoozed], today + dt.timedelta(days=1))[Severity.HIGH] == 1


def test_an_address_of_the_inbox_is_read_back_as_it_was_written():
    asked = "?state=snoozed&severity=high&rule=progression&subject=k1&assignee=me&alert=a1"
    place = parse_place("/alerts", asked)
    assert write_place(place) == f"/alerts{asked}"


def test_no_address_on_the_page_holds_the_number_of_a_patient(view, record):
    page = alerts.layout(view(opened=record("fresh")), Place("alerts"), ADMIN)
    boxes = [one.value for one in find(page, "Option") if one.value]
    forms = [one.action for one in find(page, "Form")]
    assert len(links(page)) > 20
    assert not [one for one in (*links(page), *boxes, *forms) if "ONC" in one]


def test_a_row_says_severity_in_a_word_and_what_is_not_certain(view):
    page = alerts.layout(view(rule="new_lesion"), Place("alerts"), VIEWER)
    (row,) = find(find(page, "Tbody"), "Tr")
    words = as_text(row)
    for said in ("high", "New lesion", "ONC-002", "N1", "PROVISIONAL", "registration not trusted"):
        assert said in words


def test_a_row_leads_to_the_subject_and_lesion_as_the_reader_saw_them(view):
    page = alerts.layout(view(rule="new_lesion"), Place("alerts"), VIEWER)
    seen = "reader=INVESTIGATOR&criterion=recist11&tp=TP4"
    assert f"/subject/k002?{seen}" in links(page)
    assert f"/subject/k002/lesion/N1?{seen}" in links(page)


def test_viewers_are_shown_no_forms(view, record):
    for visitor, forms in ((ADMIN, 3), (READER, 3), (VIEWER, 0)):
        page = alerts.layout(view(opened=record("growth")), Place("alerts"), visitor)
        assert len(find(page, "Form")) == forms


def test_an_ended_alert_takes_a_note_and_nothing_else(view, record):
    page = alerts.layout(view(opened=record("gone")), Place("alerts"), READER)
    (form,) = find(page, "Form")
    assert form.action.startswith("/alerts/gone/note?")


def test_an_acknowledged_alert_is_not_acknowledged_again(view, record, later):
    done = later(record("growth"), AlertChange.ACKNOWLEDGED, actor="rita", note="seen")
    page = alerts.layout(view(opened=done), Place("alerts"), READER)
    assert "Acknowledge" not in [one.children for one in find(page, "Button")]


def test_an_open_alert_stays_in_the_list_whatever_became_of_it(view, records, record, later):
    done = later(record("growth"), AlertChange.ACKNOWLEDGED, actor="rita")
    known = [done if one.alert.alert_id == "growth" else one for one in records]
    page = alerts.layout(view(known, opened=done), Place("alerts"), READER)
    rows = find(find(page, "Tbody"), "Tr")
    chosen = [row for row in rows if row.className == "chosen"]
    assert len(rows) == 5
    assert "acknowledged" in as_text(chosen)


def test_the_history_tells_who_did_what_and_names_the_one_that_took_its_place(view, record, later):
    noted = later(record("near"), AlertChange.NOTED, actor="rita", note="asked the site")
    page = alert_detail(view(opened=noted), Opened(noted, (noted.alert,), ()), (), may_act=False)
    assert "asked the site" in as_text(page)
    assert "/alerts?alert=growth" in links(page)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [(Outcome.SENT, "sent 2"), (Outcome.DEAD, "given up"), (Outcome.FAILED, "waits")],
)
def test_it_is_said_who_was_told_and_whether_it_arrived(
    view, record, synthetic_alerts, outcome, said
):
    message = synthetic_alerts.make_message("m1", "growth")
    told = Posted(message, (synthetic_alerts.make_attempt("m1", outcome, "refused"),))
    opened = Opened(record("growth"), (record("growth").alert,), (told,))
    words = as_text(alert_detail(view(), opened, (), may_act=False))
    assert f"ward, by mail: {said}" in words


def test_dead_letters_are_for_administrators_and_can_be_tried_again(view, synthetic_alerts):
    dead = Posted(
        synthetic_alerts.make_message("m1", "growth"),
        (synthetic_alerts.make_attempt("m1", Outcome.DEAD, "connection refused"),),
    )
    page = alerts.layout(view(outbox=(dead,)), Place("alerts"), ADMIN)
    assert "connection refused" in as_text(page)
    assert "/outbox/m1/retry" in [one.action for one in find(page, "Form")]
    assert "connection refused" not in as_text(
        alerts.layout(view(outbox=(dead,)), Place("alerts"), READER)
    )


def test_an_empty_inbox_says_when_alerts_were_evaluated(view):
    page = as_text(alerts.layout(view(()), Place("alerts"), READER))
    assert "Nothing to look at" in page
    assert "Last evaluated 2026-03-10 12:00 UTC" in page


def test_an_inbox_that_was_never_evaluated_says_how(view):
    never = Watch(None)
    page = as_text(alerts.layout(view((), watch=never), Place("alerts"), READER))
    assert "response alerts run" in page
    assert "Nothing to look at" not in page


def test_filters_that_leave_nothing_do_not_say_that_there_is_nothing(view):
    page = as_text(alerts.layout(view(rule="recurrence"), Place("alerts"), READER))
    assert "Nothing to look at" not in page
    assert "No alerts of this kind" in page


def test_a_link_to_an_alert_that_is_not_here_says_so(view):
    page = as_text(alerts.layout(view(missing=True), Place("alerts"), READER))
    assert "There is no such alert here" in page
    assert "growth" in page


def test_more_alerts_than_fit_on_a_page_are_counted_and_all_reached(view, record):
    alert, events = record("growth").alert, record("growth").events
    many = [AlertRecord(replace(alert, alert_id=f"a{n}"), events) for n in range(450)]
    shown = set()
    for page in ("", "1", "2", "999"):
        layout = alerts.layout(view(many), Place("alerts", query={"page": page}), READER)
        shown |= {row.to_plotly_json()["props"]["data-alert"] for row in find(layout, "Tr")[1:]}
        assert "450 alerts" in as_text(layout)
    assert len(shown) == 450


def test_the_badge_counts_what_is_high_and_its_title_says_all():
    counts = {Severity.HIGH: 2, Severity.MEDIUM: 1, Severity.LOW: 4}
    way = inbox_link(counts, current=False)
    assert way.title == "7 open: 2 high, 1 medium, 4 low"
    assert [one.children for one in find(way, "B")] == ["2"]
    assert not find(inbox_link({Severity.HIGH: 0, Severity.LOW: 3}, current=False), "B")


def test_alerts_of_a_subject_are_links_and_the_rest_is_counted(records, record, synthetic_alerts):
    today = synthetic_alerts.TODAY
    assert alert_line((), today) == []
    few = alert_line([record("growth")], today)
    assert links(few) == ["/alerts?state=all&subject=k001&alert=growth"]
    many = alert_line([record("growth")] * (LINE_SHOWN + 3), today)
    assert len(links(many)) == LINE_SHOWN + 1
    assert f"all {LINE_SHOWN + 3}" in as_text(many)


@pytest.fixture
def watch_of(tmp_path, synthetic):
    """Return what is said of a workspace with a heartbeat."""
    workspace = Workspace.open(tmp_path / "home")
    store = synthetic.Store(workspace)

    def read(beat, protocol=""):
        change_beat(workspace.home, lambda _: beat)
        workspace.protocol_path.write_text(protocol)
        return Inbox(workspace, store).read_watch()

    yield read
    store.close()


def ago(hours):
    return dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)


@pytest.mark.parametrize(
    ("beat", "said"),
    [
        (Beat(runner_at=ago(1)), "never been evaluated"),
        (Beat(last_evaluation_at=ago(27), runner_at=ago(27)), "more than 26 hours"),
        (Beat(ago(0), runner_at=ago(0), failing={"mail": ago(5)}), "mail since"),
        (Beat(ago(0), runner_at=ago(0), last_error="E", failing_since=ago(3)), "since"),
    ],
)
def test_the_banner_says_what_has_stopped(watch_of, beat, said):
    (words,) = watch_of(beat).problems
    assert said in words
    assert said in as_text(watch_banner(watch_of(beat)))


def test_a_rule_that_is_off_does_not_hide_that_nobody_evaluates(watch_of):
    off = '[alerts]\noff = ["runner_stopped"]\n'
    assert watch_of(Beat(last_evaluation_at=ago(90), runner_at=ago(90)), off).problems


def test_a_broken_protocol_is_said(watch_of):
    (words,) = watch_of(Beat(ago(0), runner_at=ago(0)), "[alerts]\nnonsense = 1\n").problems
    assert "nonsense" in words


@pytest.mark.parametrize("beat", [Beat(), Beat(last_evaluation_at=ago(2), runner_at=ago(2))])
def test_there_is_no_banner_where_all_runs_or_nobody_relies_on_alerts(watch_of, beat):
    assert watch_banner(watch_of(beat)) == []


def test_the_banner_counts_messages_given_up_as_they_are_now(watch_of):
    beat = Beat(ago(0), runner_at=ago(0), dead_letters=7)
    assert watch_of(beat).problems == ()


def test_an_alert_of_the_program_itself_has_no_subject_to_lead_to(view, record):
    page = alerts.layout(view((record("silent"),)), Place("alerts"), ADMIN)
    assert "the program itself" in as_text(page)
    assert not [one for one in links(page) if one.startswith("/subject/")]


def test_a_reader_with_a_number_is_named_in_the_address(view, record):
    other = Reader("INDEPENDENT ASSESSOR", "R1")
    known = replace(record("growth"), alert=replace(record("growth").alert, reader=other))
    page = alerts.layout(view((known,)), Place("alerts"), READER)
    assert any("reader=INDEPENDENT+ASSESSOR~R1" in one for one in links(page))


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        (Reader("INDEPENDENT ASSESSOR", "R1"), "Independent assessor R1"),
        (Reader(), ""),
        (None, ""),
    ],
)
def test_whose_reading_it_is_is_said_where_it_is_not_the_plain_one(record, reader, words):
    assert whose_reading(replace(record("growth").alert, reader=reader)) == words
