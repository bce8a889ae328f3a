"""A derivation as a person would write it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from click.testing import CliRunner
from courses import assess, course, day, reading

from response.assess import assess_subject
from response.certainty import Certainty
from response.cli import main
from response.criteria import CRITERIA
from response.errors import InputError
from response.explain import describe_certainty, explain_subject
from response.insight import derive_insight
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.protocol import Protocol, parse_protocol
from response.terms import LesionState, Role

FACTS = SubjectFacts("S1", treatment_start=day(0))
RESPONDS = course(
    BL={"T1": 30, "T2": 20, "P1": "PRESENT"},
    W8={"T1": 15, "T2": 15, "P1": "PRESENT"},
    W16={"T1": 14, "T2": 16, "P1": "PRESENT"},
    W24={"T1": 30, "T2": 16, "P1": "PRESENT"},
)


def explain(rows, time_point=None, protocol="", facts=FACTS, about=()):
    chosen = parse_protocol(protocol)
    made = assess_subject("S1", Reader(), rows, facts, chosen, time_points=about)
    insight = derive_insight(made, rows, about, facts, chosen)
    return explain_subject([insight], time_point)


def paragraph(lines, name):
    """The lines of one time point."""
    start = next(n for n, line in enumerate(lines) if line.startswith(f"{name},"))
    rest = lines[start:]
    return rest[: rest.index("")] if "" in rest else rest


def test_the_baseline_lists_its_targets():
    told = paragraph(explain(RESPONDS), "BL")
    assert told[0] == "BL, 2025-01-01: baseline (confirmed)."
    assert told[1] == "  Baseline: sum 50 mm of T1, T2; non-target P1. [RECIST11.BASELINE]"
    assert told[2] == "  Targets: T1 30 mm, T2 20 mm."


def test_a_time_point_says_the_rule_with_its_row_and_which_lesions_changed_most():
    told = paragraph(explain(RESPONDS), "W8")
    assert told[0] == "W8, 2025-02-26: PR (confirmed)."
    assert told[1].startswith("  PR: sum 30 mm is -40.00 % and -20 mm from the baseline of 50 mm")
    assert told[1].endswith(". [RECIST11.TARGET.PR]")
    assert "  Since last measured, T1 shrank most (30 to 15 mm)." in told
    told = paragraph(explain(RESPONDS), "W16")
    assert (
        "  Since last measured, T1 shrank most (15 to 14 mm) and T2 grew most (15 to 16 mm)."
        in told
    )


def test_a_time_point_says_how_sure_it_is_and_what_would_change_it():
    told = paragraph(explain(RESPONDS), "W8")
    (sure,) = [line for line in told if "Measured again" in line]
    assert "the category would be the same in 99 of 100 cases; else SD (" in sure
    assert told[-1] == (
        "  What would change it: PR at ≤ 35.0 mm; PD at ≥ 36.0 mm; "
        "confirmation of PR due from 2025-03-26; next assessment due 2025-04-23."
    )


def test_the_best_response_says_how_it_was_earned():
    told = explain(RESPONDS)
    assert told[-4:] == (
        "Best overall response: PR, first at W8 (2025-02-26).",
        "Confirmed best overall response: PR, first at W8 (2025-02-26), confirmed at "
        "W16 (2025-04-23), 56 days later (at least 28).",
        "Progression-free survival: 168 days, event: progression on 2025-06-18.",
        "Duration of response: 112 days.",
    )


def test_a_response_that_was_not_confirmed_is_named():
    told = explain(course(BL={"T1": 50}, W8={"T1": 30}, W16={"T1": 40}))
    assert (
        "Confirmed best overall response: SD, first at W8 (2025-02-26), 56 days after the start "
        "(at least 42); PR at W8 (2025-02-26) was not confirmed." in told
    )
    assert told[-2] == "Progression-free survival: 112 days, event: progression on 2025-04-23."


def test_a_response_of_uptake_that_was_not_confirmed_has_its_own_code():
    def peak(name, number, value):
        amounts = {"sul_peak": Decimal(value)}
        return replace(reading(name, number, "T1", None), extra=amounts)

    rows = [peak("BL", 0, 8), peak("W8", 56, 4), peak("W16", 112, 8)]
    facts = {"liver_mean": "2", "liver_sd": "0.2", "uptake_minutes": "60"}
    about = [AssessedTimePoint(r.time_point, r.date, facts=facts) for r in rows]
    chosen = Protocol()
    made = assess_subject(
        "S1", Reader(), rows, FACTS, chosen, criterion="percist10", time_points=about
    )
    told = explain_subject([derive_insight(made, rows, about, FACTS, chosen)])
    assert any("PMR at W8 (2025-02-26) was not confirmed" in line for line in told)


def test_the_minimum_counted_from_the_baseline_is_said():
    told = explain(course(BL={"T1": 50}, W8={"T1": 50}), facts=SubjectFacts("S1"))
    assert (
        "Best overall response: SD, first at W8 (2025-02-26), 56 days after the baseline "
        "(no start is known) (at least 42)." in told
    )
    assert told[-1] == (
        "Progression-free survival: neither randomisation nor treatment_start is known; "
        "the SD minimum is counted from the baseline."
    )


def test_a_response_that_lasts_says_so():
    told = explain(course(BL={"T1": 50}, W8={"T1": 30}))
    assert told[-1] == "The response of 2025-02-26 had not ended when last assessed."


def test_a_superseded_category_is_told_with_when_and_why():
    rows = course(
        BL={"T1": 50}, W8={"T1": 50, "N1": "EQUIVOCAL"}, W16={"T1": 50, "N1": "UNEQUIVOCAL"}
    )
    told = paragraph(explain(rows), "W8")
    assert told[0] == "W8, 2025-02-26: PD, as of 2025-04-23 (confirmed)."
    assert told[1].startswith("  It was SD until 2025-04-23 (SD:")
    assert told[1].endswith("), then PD.")


def test_what_is_provisional_comes_last():
    about = AssessedTimePoint("W8", day(56), ("the matches wait for a person",))
    rows = course(BL={"T1": 50}, W8={"T1": 30})
    told = paragraph(explain(rows, "W8", about=(about,)), "W8")
    assert told[0].endswith("PR (provisional).")
    assert told[-1] == "  Provisional: the matches wait for a person. [PROVISIONAL]"


def test_clinical_progression_is_told():
    about = AssessedTimePoint("W8", day(56), facts={"clinical_progression": "true"})
    told = explain(course(BL={"T1": 50}, W8={"T1": 50}), about=(about,))
    assert any(line.endswith("[CLINICAL.PROGRESSION]") for line in told)


def test_one_time_point_may_be_asked_for():
    told = explain(RESPONDS, "W8")
    assert not any(line.startswith(("BL,", "W16,", "Best")) for line in told)
    with pytest.raises(InputError, match="nothing is assessed at W99"):
        explain(RESPONDS, "W99")


def test_without_the_readings_the_rules_are_still_told():
    made = assess(RESPONDS)
    told = explain_subject([derive_insight(made, (), (), FACTS, Protocol())])
    assert not any("shrank" in line or "Measured again" in line for line in told)
    assert any("[RECIST11.TARGET.PR]" in line for line in told)


def test_lines_of_therapy_and_readers_are_named():
    reader = Reader("INDEPENDENT ASSESSOR", "R1")
    facts = replace(FACTS, line="2")
    rows = course(BL={"T1": 50}, W8={"T1": 30})
    made = assess_subject("S1", reader, rows, facts, Protocol())
    told = explain_subject([derive_insight(made, rows, (), facts, Protocol())])
    assert told[0] == "S1: recist11, read by INDEPENDENT ASSESSOR R1, line of therapy 2"


def test_parts_count_as_one_lesion_and_what_is_gone_as_nothing():
    rows = [
        *course(BL={"T1": 30, "T2": 20}),
        reading("W8", 56, "T1", 10, part="1"),
        reading("W8", 56, "T1", 8, part="2"),
        LesionReading("W8", day(56), "T2", Role.TARGET, state=LesionState.ABSENT),
    ]
    assert "  Since last measured, T2 shrank most (20 to 0 mm)." in explain(rows)


def test_what_was_not_assessed_did_not_change():
    rows = course(BL={"T1": 30}, W8={"T1": "NOT_EVALUABLE"}, W16={"T1": 30})
    assert "  Since last measured, no target changed." in paragraph(explain(rows), "W16")
    assert not any("Since last" in line for line in paragraph(explain(rows), "W8"))
    assert not any("Measured again" in line for line in paragraph(explain(rows), "W8"))


def test_what_is_nearly_sure_is_not_called_sure():
    found = Certainty(
        "W8", dt.date(2025, 1, 1), "PR", 0.998, "PR", 0.998, {"SD": 0.002}, False, False
    )
    assert describe_certainty(found) == (
        "Measured again, the category would be the same in more than 99 of 100 cases; "
        "else SD (less than 1)."
    )


def test_what_was_drawn_a_thousand_times_is_not_called_all():
    drawn = Certainty("W8", dt.date(2025, 1, 1), "CR", 1.0, "CR", 1.0, {}, False, True)
    assert "more than 99 of 100" in describe_certainty(drawn)
    assert "in 100 of 100" in describe_certainty(replace(drawn, simulated=False))


@pytest.mark.parametrize("criterion", sorted(CRITERIA))
def test_every_criterion_can_be_told(criterion):
    extra = {
        name: Decimal(30)
        for name in (
            "short_diameter_mm", "viable_diameter_mm", "density_hu", "suv_mean", "suv_max",
            "sul_peak", "tlg",
        )
    }  # fmt: skip
    rows = [
        replace(row, extra=extra | {"density_hu": Decimal(20 + number)})
        for number, row in enumerate(course(BL={"T1": 40}, W8={"T1": 25}, W16={"T1": 60}))
    ]
    about = tuple(
        AssessedTimePoint(name, day(56 * number), facts={"liver_mean": "2", "liver_sd": "0.2"})
        for number, name in enumerate(("BL", "W8", "W16"))
    )
    made = assess_subject(
        "S1", Reader(), rows, FACTS, Protocol(), criterion=criterion, time_points=about
    )
    told = explain_subject([derive_insight(made, rows, about, FACTS, Protocol())])
    assert told[0] == f"S1: {criterion}, read by INVESTIGATOR"
    for name in ("BL", "W8", "W16"):
        assert any(line.endswith("]") for line in paragraph(told, name))
    assert f"Best overall response: {made.summary.best_overall_response}" in "\n".join(told)


def test_a_criterion_with_its_own_best_response_is_not_told_otherwise():
    rows = course(BL={"T1": 40}, W8={"T1": 50}, W16={"T1": 56})
    made = assess_subject("S1", Reader(), rows, FACTS, Protocol(), criterion="irecist")
    told = explain_subject([derive_insight(made, rows, (), FACTS, Protocol())])
    assert "Best overall response: iCPD." in told
    assert any("iCPD at ≥ 55.0 mm" in line for line in paragraph(told, "W8"))


def test_what_waits_to_be_confirmed_has_the_criterions_own_code():
    rows = course(BL={"T1": 40}, W8={"T1": 25})
    made = assess_subject("S1", Reader(), rows, FACTS, Protocol(), criterion="irecist")
    told = explain_subject([derive_insight(made, rows, (), FACTS, Protocol())], "W8")
    assert "confirmation of iPR due from 2025-03-26" in told[-1]


SDTM = {
    "tu.csv": """\
DOMAIN,STUDYID,USUBJID,TUTESTCD,TUORRES,TULNKID,TULOC,VISIT
TU,ST1,P1,TUMIDENT,TARGET,T1,LIVER,BASELINE
""",
    "tr.csv": """\
DOMAIN,STUDYID,USUBJID,TRTESTCD,TRLNKID,TRORRES,TRORRESU,VISIT,TRDTC
TR,ST1,P1,LDIAM,T1,50,mm,BASELINE,2025-01-06
TR,ST1,P1,LDIAM,T1,35,mm,WEEK 8,2025-03-03
""",
}


def test_a_workspace_tells_what_was_imported_and_derives_its_endpoints(tmp_path):
    home, tables = tmp_path / "home", tmp_path / "in"
    tables.mkdir()
    for name, text in SDTM.items():
        (tables / name).write_text(text, encoding="utf-8")

    def run(*words):
        return CliRunner().invoke(main, [*map(str, words), "--home", str(home)])

    assert run("import-sdtm", tables).exit_code == 0
    told = run("explain", "P1", "WEEK 8")
    assert told.exit_code == 0
    assert "T1 shrank most (50 to 35 mm)" in told.output
    assert "the same in 50 of 100 cases; else SD (50). Borderline." in told.output
    done = run("endpoints", "--json", "--out", tmp_path / "out")
    orr = json.loads(done.output.splitlines()[0])
    assert (orr["endpoint"], orr["n"], orr["responders"]) == ("ORR", "1", "1")
    assert run("explain", "P2").exit_code == 2
