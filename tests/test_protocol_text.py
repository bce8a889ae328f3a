"""The protocol written out is the protocol, and says what every choice means."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest

from response.criteria import CRITERIA
from response.errors import ProtocolError
from response.protocol import CriterionChoice, Protocol, parse_protocol, read_protocol
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


def test_the_protocol_knows_the_criteria_there_are():
    names = get_args(CriterionChoice.model_fields["name"].annotation)
    assert sorted(names) == sorted(CRITERIA)


def test_a_window_that_confirms_nothing_is_refused():
    with pytest.raises(ProtocolError, match="icpd_max_days is 50, below icpd_min_days 60"):
        parse_protocol("[irecist]\nicpd_min_days = 60\nicpd_max_days = 50")


def test_a_file_in_another_encoding_is_refused_in_words(tmp_path):
    path = tmp_path / "protocol.toml"
    path.write_text("[targets]\nmax_total = 3\n", encoding="utf-16")
    with pytest.raises(ProtocolError, match="is not text in UTF-8; save it"):
        read_protocol(path)


def test_a_byte_order_mark_before_the_protocol_is_passed_over(tmp_path):
    path = tmp_path / "protocol.toml"
    path.write_text("[targets]\nmax_total = 3\n", encoding="utf-8-sig")
    assert read_protocol(path).targets.max_total == 3


def test_an_address_in_a_wrong_alert_setting_is_never_shown() -> None:
    text = '[[alerts.webhooks]]\nname = "chat"\nurl = "http://hooks.example/SECRET"'
    with pytest.raises(ProtocolError, match="plain http to") as caught:
        parse_protocol(text)
    assert "SECRET" not in str(caught.value)
