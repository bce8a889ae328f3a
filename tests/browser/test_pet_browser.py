"""PET/CT as a clinician meets it, in Chromium."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def source(page, slot):
    return page.get_attribute(f'[data-slot="{slot}"] image', "href")


def wait_for(page, count):
    page.wait_for_function(
        f"() => document.querySelectorAll('.slice').length === {count} && "
        f"[...document.querySelectorAll('.slice')].every(s => s.querySelector('image'))"
    )


def test_pet_and_ct_scroll_together_and_the_keyboard_chooses_how_they_look(pet_page):
    page = pet_page
    page.click('.cohort-table a:text-is("PET-001")')
    page.wait_for_selector("#timeline .main-svg")
    page.click('a.chip:text-is("percist10")')
    page.wait_for_selector('a.chip.chosen:text-is("percist10")')
    page.click('.matrix a:text-is("T1")')
    wait_for(page, 6)

    # One slice on: the three views of this time point follow, the other time point stays.
    other = source(page, "now-fused")
    page.focus('[data-slot="baseline-pet"]')
    page.keyboard.press("ArrowDown")
    for slot in ("baseline", "baseline-pet", "baseline-fused"):
        page.wait_for_function(
            "slot => document.querySelector('[data-slot=' + slot + '] image')"
            ".getAttribute('href').includes('/26.png')",
            arg=slot,
        )
    assert source(page, "now-fused") == other
    page.wait_for_function("() => location.search.includes('slices=baseline')")

    # Values under the pointer, with their units.
    box = page.locator('[data-slot="baseline-fused"]').bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector('[data-slot="baseline-fused"] .readout:text-matches("HU · SUV [0-9.]+")')

    # Keys: a wider window of uptake, then fused alone; the address remembers both.
    page.keyboard.press("]")
    page.wait_for_selector('nav[aria-label="Uptake, SUV"] a.chosen:text-is("0–10")')
    assert "suv=10" in source(page, "baseline-fused")
    assert "/26.png" in source(page, "baseline-fused")
    page.click('nav[aria-label="View"] a:text-is("fused")')
    wait_for(page, 2)
    page.keyboard.press(",")
    page.wait_for_selector('nav[aria-label="Opacity"] a.chosen:text-is("50 %")')
    page.goto(page.url)
    wait_for(page, 2)
    assert {"view=fused", "suv=10", "opacity=50"} <= set(source(page, "baseline").split("&"))
    assert page.complaints == []
