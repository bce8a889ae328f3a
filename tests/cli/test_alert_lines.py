"""How alerts are said in one line."""

from __future__ import annotations

from alert_makers import make_alert

from response.cli.alert_lines import say_alert
from response.model import Reader


def test_a_line_names_the_reader_where_it_is_not_plainly_the_investigator() -> None:
    central = Reader("INDEPENDENT ASSESSOR", "RADIOLOGIST 1")
    assert " by INDEPENDENT ASSESSOR RADIOLOGIST 1" in say_alert(make_alert(reader=central))
    for plain in (Reader(), None):
        assert " by " not in say_alert(make_alert(reader=plain)).partition(":")[0]
