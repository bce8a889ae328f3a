"""The pages as a clinician meets them, in Chromium."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def open_subject(page, name="ONC-001"):
    page.click(f'.cohort-table a:text-is("{name}")')
    page.wait_for_selector("#timeline .main-svg")


def wait_for_slices(page):
    page.wait_for_function(
        "() => document.querySelectorAll('.slice image').length === 3 && "
        "[...document.querySelectorAll('.slice image')].every(i => i.getAttribute('href'))"
    )


def test_two_clicks_lead_from_the_cohort_to_a_lesions_slices(page):
    open_subject(page)
    assert page.inner_text(".answer .badge.big") == "PD"
    page.click('.matrix a:text-is("T1")')
    wait_for_slices(page)
    assert page.locator(".pane h2").all_inner_texts() == ["Baseline", "Nadir of the sum", "Now"]
    assert page.complaints == []


def test_the_slices_show_a_picture(page):
    open_subject(page)
    page.click('.matrix a:text-is("T1")')
    wait_for_slices(page)
    page.wait_for_timeout(500)
    for pane in page.locator(".slice").all():
        pixels = np.asarray(Image.open(io.BytesIO(pane.screenshot())).convert("L"))
        assert pixels.std() > 20
        assert 60 < np.median(pixels) < 220


def test_a_link_opens_what_its_sender_saw(page):
    open_subject(page)
    page.click('.matrix a:text-is("T1")')
    wait_for_slices(page)
    page.focus('[data-slot="now"]')
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => location.search.includes('slices=now')")
    page.click('a.chip:text-is("bone")')
    page.wait_for_selector('a.chip.chosen:text-is("bone")')
    assert page.evaluate("document.activeElement.textContent") == "bone"
    words = page.inner_text(".pane:last-child .slice-words")
    page.goto(page.url)
    wait_for_slices(page)
    assert page.inner_text(".pane:last-child .slice-words").split(",")[0] == words.split(",")[0]
    assert page.inner_text('nav[aria-label="Window"] .chosen') == "bone"


def test_scrolling_leaves_the_measured_slice_and_its_diameters(page):
    open_subject(page)
    page.click('.matrix a:text-is("T1")')
    wait_for_slices(page)
    before = page.get_attribute('[data-slot="now"] image', "href")
    lines = page.locator('[data-slot="now"] .scatterlayer .trace').count()
    page.focus('[data-slot="now"]')
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "before => document.querySelector('[data-slot=now] image').getAttribute('href') !== before",
        arg=before,
    )
    assert page.locator('[data-slot="now"] .scatterlayer .trace').count() == lines - 2
    assert page.complaints == []


def test_scans_without_marks_lie_side_by_side_and_scroll(page):
    page.click('.cohort-table a:text-is("ONC-098")')
    page.wait_for_selector('[data-slot="later"] image')
    assert page.locator("#timeline").count() == 0
    words = ".pane .slice-words"
    assert page.locator(words).all_inner_texts() == ["slice 15 of 30", "slice 17 of 30"]
    page.focus('[data-slot="later"]')
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f'{words}:text-is("slice 18 of 30")')
    assert page.inner_text(f".pane:first-child {words.split()[1]}") == "slice 15 of 30"
    page.click('nav[aria-label="Slice of the earlier scan"] a.chosen')
    page.wait_for_selector(f'{words}:text-is("slice 17 of 30")')
    page.click('a.chip:text-is("lung")')
    page.wait_for_selector('a.chip.chosen:text-is("lung")')
    sources = [i.get_attribute("href") for i in page.locator(".slice image").all()]
    assert all("window=lung" in source for source in sources)
    assert page.complaints == []


def test_the_keyboard_alone_reaches_the_slices(page):
    page.locator('.cohort-table a:text-is("ONC-001")').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".matrix")
    page.locator('.matrix a:text-is("T2")').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".panes")
    assert "/lesion/T2" in page.url


def test_a_click_on_a_point_opens_that_lesion(page):
    open_subject(page)
    point = page.locator("#timeline .xy2 .scatterlayer .trace .points path").first.bounding_box()
    page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    page.wait_for_selector(".panes")
    assert "/lesion/T1?" in page.url
    assert "tp=TP0" in page.url


def test_the_cohort_can_be_searched_and_sorted(page):
    page.fill("#cohort-filter", "003")
    page.wait_for_function(
        "() => document.querySelectorAll('.cohort-table tbody tr:not([hidden])').length === 2"
    )
    page.fill("#cohort-filter", "")
    page.click('.cohort-table thead a:text-is("Subject")')
    page.wait_for_function("() => location.search.includes('sort=subject')")


def test_after_logging_out_nothing_is_shown(page):
    page.context.clear_cookies()
    page.goto(page.base)
    page.fill("#name", "rita")
    page.fill("#password", "rita-secret-word")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cohort-table")
    page.click('button:text-is("Log out")')
    page.wait_for_selector("#name")
    page.go_back()
    page.wait_for_timeout(800)
    assert "ONC-001" not in page.content()


def test_an_ended_session_leads_to_the_login_and_back(page):
    page.context.clear_cookies()
    page.click('.cohort-table a:text-is("ONC-001")')
    page.wait_for_selector("#name")
    assert "next=" in page.url


@pytest.mark.parametrize("width", [1280, 800])
def test_pages_fit_their_window(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    open_subject(page)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
