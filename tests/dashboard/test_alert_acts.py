"""What visitors do to alerts: by role, checked on the server, once, and written down."""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid

import pytest

from dashboard.app import create_app
from response.accounts import hash_password
from response.alerts.ledger import Changes
from response.model import Account
from response.terms import AccountRole, AlertChange, AlertState
from response.workspace import Workspace

ACTS = ("acknowledge", "snooze", "assign", "note")


@pytest.fixture(scope="module")
def home(tmp_path_factory, synthetic):
    """A workspace with accounts."""
    workspace = Workspace.open(tmp_path_factory.mktemp("acts") / "home")
    store = synthetic.Store(workspace)
    for name, role in (("anna", "admin"), ("rita", "reader"), ("vera", "viewer")):
        account = Account(name, AccountRole(role), hash_password(f"{name}-secret-word"))
        store.write_account(account, actor="test")
    store.write_account(Account("otto", AccountRole.READER, "x", disabled=True), actor="test")
    store.close()
    return workspace


@pytest.fixture(scope="module")
def served(home):
    app = create_app(home)
    yield app.server
    app.server.extensions["store"].close()


@pytest.fixture(scope="module")
def clients(served):
    """Everybody, logged in by password."""
    found = {name: served.test_client() for name in ("anna", "rita", "vera")}
    for name, client in found.items():
        client.post("/login", data={"name": name, "password": f"{name}-secret-word"})
    return found


@pytest.fixture
def mark():
    """What the ids of this test's alerts and messages end in."""
    return uuid.uuid4().hex[:6]


@pytest.fixture(autouse=True)
def store(served, synthetic_alerts, mark):
    """The store, with the made-up alerts of this test."""
    synthetic_alerts.fill_alerts(served.extensions["store"], mark)
    return served.extensions["store"]


@pytest.fixture
def post(clients, mark):
    """Send a form as somebody; ``{}`` of the address is what ids end in."""

    def send(name, address, **more):
        return clients[name].post(address.replace("{}", mark), **more)

    return send


@pytest.fixture
def record(store, mark):
    return lambda name: store.alerts.read_records(alert_ids=[name + mark])[0]


@pytest.fixture
def seen(record):
    """Return the address of an act on an alert as the page writes it now."""
    return lambda name, act: f"/alerts/{name}{{}}/{act}?seen={record(name).events[-1].event_id}"


def in_days(days):
    return (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)).isoformat()


def form_of(act):
    return {"note": "n", "until": in_days(7), "to": "anna"} if act != "note" else {"note": "n"}


@pytest.mark.parametrize("name", ["anna", "rita"])
def test_admins_and_readers_may_act(post, record, name):
    for act in ACTS:
        assert post(name, f"/alerts/growth{{}}/{act}", data=form_of(act)).status_code == 303
    done = [(e.change.value, e.actor) for e in record("growth").events[1:]]
    expected = ["acknowledged", "snoozed", "assigned", "noted"]
    assert done == [(change, name) for change in expected]


@pytest.mark.parametrize("act", ACTS)
def test_viewers_are_refused_and_nothing_is_written(post, record, act):
    answer = post("vera", f"/alerts/growth{{}}/{act}", data=form_of(act))
    assert answer.status_code == 403
    assert len(record("growth").events) == 1


@pytest.mark.parametrize("act", ACTS)
def test_strangers_are_turned_away(served, record, mark, act):
    answer = served.test_client().post(f"/alerts/growth{mark}/{act}", data=form_of(act))
    assert answer.status_code == 401
    assert len(record("growth").events) == 1


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_foreign_page_cannot_act_for_a_visitor(post, record, headers):
    for address in ("/alerts/growth{}/acknowledge", "/outbox/dead{}/retry"):
        assert post("rita", address, headers=headers).status_code == 403
    assert len(record("growth").events) == 1


@pytest.mark.parametrize("act", ACTS)
def test_an_alert_that_is_not_there_is_not_found(post, act):
    answer = post("rita", f"/alerts/nothere/{act}", data=form_of(act))
    assert answer.status_code == 404
    assert b"nothere" not in answer.data


def test_what_is_no_act_is_not_found(post):
    assert post("rita", "/alerts/growth{}/delete").status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_acts_are_never_done_by_looking(clients, record, mark, act):
    assert clients["rita"].get(f"/alerts/growth{mark}/{act}").status_code in (404, 405)
    assert len(record("growth").events) == 1


@pytest.mark.parametrize("act", ["acknowledge", "snooze", "assign"])
@pytest.mark.parametrize("name", ["near", "gone"])
def test_an_ended_alert_is_left_as_it_is(post, record, name, act):
    before = record(name).events
    answer = post("rita", f"/alerts/{name}{{}}/{act}", data=form_of(act))
    assert answer.status_code == 409
    assert b"has ended" in answer.data
    assert record(name).events == before


def test_a_note_can_be_added_to_an_ended_alert(post, record):
    assert post("rita", "/alerts/gone{}/note", data={"note": "typo"}).status_code == 303
    assert (record("gone").events[-1].change, record("gone").events[-1].note) == ("noted", "typo")
    assert record("gone").ended


@pytest.mark.parametrize("until", ["", "tomorrow", in_days(0), in_days(-3), in_days(900)])
def test_an_alert_is_not_put_away_until_a_day_that_makes_no_sense(post, record, until):
    assert post("rita", "/alerts/growth{}/snooze", data={"until": until}).status_code == 422
    assert len(record("growth").events) == 1


def test_a_snoozed_alert_comes_back_on_its_day(post, record):
    post("rita", "/alerts/growth{}/snooze", data={"until": in_days(7)})
    assert record("growth").state_on(dt.date.fromisoformat(in_days(6))) is AlertState.SNOOZED
    assert record("growth").state_on(dt.date.fromisoformat(in_days(7))) is AlertState.OPEN


@pytest.mark.parametrize("name", ["vera", "otto", "nobody-here"])
def test_alerts_are_assigned_only_to_accounts_that_may_act(post, record, name):
    assert post("rita", "/alerts/growth{}/assign", data={"to": name}).status_code == 422
    assert record("growth").assignee == ""


def test_an_alert_can_be_nobodys_again(post, record):
    post("rita", "/alerts/growth{}/assign", data={"to": "anna"})
    post("rita", "/alerts/growth{}/assign", data={"to": ""})
    assert record("growth").assignee == ""


def test_an_empty_note_is_refused_in_words(post, record):
    answer = post("rita", "/alerts/growth{}/note", data={"note": "  "})
    assert (answer.status_code, answer.mimetype) == (422, "text/plain")
    assert len(record("growth").events) == 1


def test_a_note_that_is_too_long_is_refused(post, record):
    note = {"note": "x" * 5000}
    assert post("rita", "/alerts/growth{}/acknowledge", data=note).status_code == 422
    assert len(record("growth").events) == 1


@pytest.mark.parametrize("act", ACTS)
def test_a_form_that_is_sent_twice_is_done_once(post, record, seen, act):
    address = seen("growth", act)
    codes = [post("rita", address, data=form_of(act)).status_code for _ in range(2)]
    assert codes == [303, 303]
    assert len(record("growth").events) == 2


def test_a_form_that_is_sent_twice_at_once_is_done_once(post, record, seen):
    form, address = {"data": {"note": "n"}}, seen("growth", "note")
    threads = [threading.Thread(target=post, args=("rita", address), kwargs=form) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(record("growth").events) == 2


def test_the_same_note_can_be_written_again_later(post, record, seen):
    for _ in range(2):
        post("rita", seen("growth", "note"), data={"note": "called, nobody there"})
    assert len(record("growth").events) == 3


def test_what_has_changed_meanwhile_is_not_acknowledged_unseen(
    post, record, seen, store, synthetic_alerts, mark
):
    address = seen("growth", "acknowledge")
    event = synthetic_alerts.make_event(
        f"growth{mark}", AlertChange.UPDATED, days_ago=0, note="was: 40 %"
    )
    made = Changes(events=(event,))
    store.alerts.keep(lambda *_: made, alert_ids=(), now=event.at, actor="system")
    answer = post("rita", address)
    assert answer.status_code == 409
    assert b"changed while you looked" in answer.data
    assert record("growth").state_on(dt.date.max) is AlertState.OPEN
    assert post("rita", seen("growth", "acknowledge")).status_code == 303


def test_what_is_done_is_in_the_audit_trail_with_the_visitors_name(post, store):
    post("rita", "/alerts/growth{}/acknowledge", data={"note": "seen"})
    entry = next(e for e in store.read_audit(10, 0) if e.action.startswith("alert_"))
    assert (entry.action, entry.actor) == ("alert_acknowledged", "rita")
    assert store.check() == ()


def test_after_an_act_the_alert_is_shown(post, mark):
    answer = post("rita", "/alerts/growth{}/acknowledge")
    assert answer.location == f"/alerts?alert=growth{mark}"


@pytest.fixture
def dead_attempts(store, mark):
    def read():
        outbox = store.alerts.read_outbox()
        return next(one for one in outbox if one.message.message_id == f"dead{mark}").attempts

    return read


def test_an_administrator_has_a_dead_letter_tried_again_once(post, dead_attempts):
    codes = [post("anna", "/outbox/dead{}/retry").status_code for _ in range(2)]
    assert codes == [303, 303]
    again = dead_attempts()
    assert len(again) == 2
    assert again[-1].next_at == again[-1].at
    assert again[-1].detail.endswith("anna")


@pytest.mark.parametrize("name", ["rita", "vera"])
def test_dead_letters_are_no_business_of_others(post, dead_attempts, name):
    assert post(name, "/outbox/dead{}/retry").status_code == 403
    assert len(dead_attempts()) == 1


@pytest.mark.parametrize(("message", "code"), [("sent", 409), ("nothere", 404)])
def test_what_arrived_or_is_not_there_is_not_sent_again(post, message, code):
    assert post("anna", f"/outbox/{message}{{}}/retry").status_code == code


@pytest.fixture
def page_of(post, mark):
    """Return what somebody is sent of the inbox."""

    def read(name, search=""):
        inputs = [("pathname", "/alerts"), ("search", search.replace("{}", mark))]
        asked = {
            "output": "page.children",
            "outputs": {"id": "page", "property": "children"},
            "inputs": [{"id": "url", "property": name, "value": value} for name, value in inputs],
            "changedPropIds": ["url.pathname"],
        }
        return json.dumps(post(name, "/_dash-update-component", json=asked).get_json())

    return read


def test_viewers_see_alerts_and_no_controls(page_of, mark):
    shown = page_of("vera", "?alert=growth{}")
    assert "the sum of diameters grew" in shown
    assert f"/alerts/growth{mark}/" not in shown
    assert "connection refused" not in shown
    assert f"/alerts/growth{mark}/acknowledge" in page_of("rita", "?alert=growth{}")


def test_the_page_says_who_was_told(page_of):
    assert "ward, by mail: sent" in page_of("rita", "?alert=growth{}")


def test_dead_letters_are_counted_for_everybody_and_shown_to_administrators(page_of):
    assert "given up and not delivered" in page_of("rita")
    assert "connection refused" in page_of("anna")


def test_a_broken_protocol_is_said_and_the_inbox_goes_on(page_of, home):
    home.protocol_path.write_text("[alerts]\nnonsense = 1\n")
    try:
        shown = page_of("rita")
    finally:
        home.protocol_path.unlink()
    assert "protocol.toml" in shown
    assert "the sum of diameters grew" in shown
