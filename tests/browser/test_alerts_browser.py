"""The inbox as somebody meets it who has to look at alerts, in Chromium."""

from __future__ import annotations

import datetime as dt

import pytest

from response.alerts.acts import Person, assign
from response.store import Store
from response.workspace import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def inbox(page):
    """The inbox, reached by the bar."""
    page.click('nav[aria-label="Pages"] a:has-text("Alerts")')
    page.wait_for_selector(".alert-table")
    return page


def count(page):
    """Return what the badge says."""
    found = page.locator(".bar .count b")
    return int(found.inner_text()) if found.count() else 0


def open_alert(page, name):
    page.click(f'tr[data-alert="{name}"] a.opens-alert')
    page.wait_for_function(f"() => location.search.includes('alert={name}')")
    page.wait_for_selector(".alert-detail .acts")


def row(page, name):
    return page.inner_text(f'tr[data-alert="{name}"]')


def test_an_alert_is_found_and_acknowledged_with_a_note_by_the_keyboard_alone(inbox):
    before = count(inbox)
    inbox.locator('nav[aria-label="Rule"] a:has-text("New lesion")').focus()
    inbox.keyboard.press("Enter")
    inbox.wait_for_function("() => document.querySelectorAll('.alert-table tbody tr').length === 1")
    inbox.locator("a.opens-alert").focus()
    inbox.keyboard.press("Enter")
    inbox.wait_for_function("() => document.activeElement.id === 'alert-title'")
    while inbox.evaluate("document.activeElement.name") != "note":
        inbox.keyboard.press("Tab")
    inbox.keyboard.type("biopsy on Friday")
    inbox.keyboard.press("Tab")
    inbox.keyboard.press("Enter")
    inbox.wait_for_selector(".flag.state.acknowledged")
    assert "acknowledged" in row(inbox, "fresh")
    assert "biopsy on Friday" in inbox.inner_text(".alert-history >> nth=0")
    assert inbox.input_value(".acts textarea") == ""
    assert count(inbox) == before - 1
    assert "rule=new_lesion" in inbox.url
    assert inbox.complaints == []


def test_an_alert_is_snoozed_for_a_week_unless_said_otherwise(inbox):
    before = count(inbox)
    open_alert(inbox, "silent")
    inbox.click('button:text-is("Snooze")')
    inbox.wait_for_selector(".flag.state.snoozed")
    until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=7)
    assert f"until {until}" in row(inbox, "silent")
    assert count(inbox) == before - 1


def test_an_alert_is_assigned_once_however_often_the_button_is_pressed(inbox):
    open_alert(inbox, "late")
    inbox.select_option(".acts select", "rita")
    inbox.dblclick('button:text-is("Assign")')
    inbox.wait_for_selector('tr[data-alert="late"] td:text-is("rita")')
    inbox.wait_for_timeout(500)
    history = inbox.inner_text(".alert-history >> nth=0")
    assert history.count("assigned it to rita") == 1


def test_what_is_refused_is_said_beside_the_button_and_nothing_is_lost(inbox):
    open_alert(inbox, "waits")
    inbox.fill(".acts textarea", "kept")
    inbox.fill('.acts input[name="until"]', "2020-01-01")
    inbox.click('button:text-is("Snooze")')
    inbox.wait_for_selector(".refusal:not(:empty)")
    assert "2020-01-01" in inbox.inner_text(".refusal:not(:empty)")
    assert inbox.input_value(".acts textarea") == "kept"
    assert "open" in row(inbox, "waits")


def test_a_link_opens_what_its_sender_saw(inbox):
    inbox.click('nav[aria-label="State"] a:text-is("ended")')
    inbox.wait_for_selector('tr[data-alert="gone"]')
    inbox.click('tr[data-alert="gone"] a.opens-alert')
    inbox.wait_for_selector(".alert-detail")
    said = inbox.inner_text("main")
    inbox.goto(inbox.url)
    inbox.wait_for_selector(".alert-detail")
    assert inbox.inner_text("main") == said
    assert "withdrawn" in said
    assert "18 mm" in said


def test_a_box_chooses_the_subject_without_its_number_in_the_address(inbox):
    inbox.select_option("select.goes", label="ONC-001")
    inbox.wait_for_function("() => location.search.includes('subject=')")
    inbox.wait_for_function("() => document.querySelectorAll('.alert-table tbody tr').length === 1")
    assert "ONC" not in inbox.url
    assert inbox.locator("select.goes option:checked").inner_text() == "ONC-001"


def test_a_timeline_names_its_alerts_and_leads_to_them(page):
    page.click('.cohort-table a:text-is("ONC-001")')
    page.wait_for_selector(".alert-line a")
    page.click('.alert-line a:has-text("Progression")')
    page.wait_for_selector(".alert-detail")
    assert "46.2 %" in page.inner_text(".alert-detail")
    page.click('.alert-detail dl a:text-is("TP4")')
    page.wait_for_selector("#timeline .main-svg")
    assert "tp=TP4" in page.url


def test_a_dead_letter_is_tried_again(inbox):
    assert "connection refused" in inbox.inner_text("main")
    inbox.click('button:text-is("Try again")')
    inbox.wait_for_selector('button:text-is("Try again")', state="detached")
    assert "Messages given up" not in inbox.inner_text("main")
    assert inbox.locator('section:has-text("Messages that wait") tbody tr').count() == 2


@pytest.mark.parametrize("width", [1440, 1280, 800])
def test_the_inbox_fits_its_window(inbox, width):
    inbox.set_viewport_size({"width": width, "height": 800})
    open_alert(inbox, "growth")
    wide = inbox.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0


def test_an_inbox_that_is_left_open_shows_what_has_come_meanwhile(inbox, trial_home):
    inbox.clock.install()
    inbox.reload()
    inbox.wait_for_selector('tr[data-alert="waits"]')
    store = Store(Workspace.open(trial_home))
    now = dt.datetime.now(dt.UTC)
    assign(store, "waits", Person("rita", now, now.date()), "anna")
    store.close()
    inbox.clock.fast_forward("06:00")
    inbox.wait_for_selector('tr[data-alert="waits"] td:text-is("anna")')
