"""A value made quickly is the one that its class makes."""

from __future__ import annotations

import datetime as dt
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from response.model import Reason
from response.model.draft import make_quickly


@dataclass(frozen=True, slots=True)
class Note:
    """What a value may have: a field, a default, one that is made for each."""

    date: dt.date
    text: str = ""
    facts: dict[str, str] = field(default_factory=dict)


quick_note = make_quickly(Note)
DAY = dt.date(2025, 1, 1)


def test_it_is_equal_to_what_the_class_makes_and_of_that_class():
    made = quick_note(DAY, text="seen")
    assert made == Note(DAY, "seen")
    assert type(made) is Note
    assert repr(made) == repr(Note(DAY, "seen"))


def test_it_is_as_frozen():
    with pytest.raises(FrozenInstanceError):
        quick_note(DAY).text = "changed"  # type: ignore[misc]


def test_every_one_has_facts_of_its_own():
    assert quick_note(DAY).facts is not quick_note(DAY).facts


def test_a_field_that_is_left_out_is_refused():
    with pytest.raises(TypeError, match="date"):
        quick_note()  # type: ignore[call-arg]


def test_it_can_be_replaced_hashed_and_stored():
    made = make_quickly(Reason)("T1.1", "because")
    assert hash(made) == hash(Reason("T1.1", "because"))
    assert replace(made, text="so") == Reason("T1.1", "so")
    assert pickle.loads(pickle.dumps(made)) == made
