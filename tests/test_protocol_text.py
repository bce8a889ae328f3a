"""The protocol written out is the protocol, and says what every choice means."""

from __future__ import annotations

from decimal import Decimal

import pytest

from response.protocol import Protocol, parse_protocol
from response.protocol_text import write_template

CHOICES = [
    (name, key, field)
    for name, section in Protocol()
    for key, field in type(section).model_fields.items()
]


def test_what_is_written_is_read_back():
    said = parse_protocol("[best_response]\nsd_min_days = 49\n[mrecist]\nabsolute_minimum_mm = 5.0")
    assert parse_protocol(write_template(said)) == said
    assert said.mrecist.absolute_minimum_mm == Decimal(5)


@pytest.mark.parametrize(("section", "key", "field"), CHOICES, ids=lambda one: str(one)[:30])
def test_every_choice_says_what_it_means(section, key, field):
    assert len(field.description or "") > 20


@pytest.mark.parametrize("ambiguity", [f"A{number:02}" for number in range(1, 32)])
def test_every_open_question_of_the_criteria_has_a_choice(ambiguity):
    assert any(ambiguity in (field.description or "") for _, _, field in CHOICES)
