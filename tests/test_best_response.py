"""Best overall response against admiralonco's answers and the paper's Table 3."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from response.best_response import (
    Best,
    Visit,
    derive_best_response,
    derive_clinical_benefit_date,
    derive_confirmed_best_response,
    derive_confirmed_response,
    derive_response_date,
    has_disease_after_cr,
    select_window,
)
from response.protocol import BestResponse

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
START = dt.date(2025, 1, 1)


def day(number: int) -> dt.date:
    return START + dt.timedelta(number)


def visits(*seen: tuple[int, str]) -> list[Visit]:
    return [Visit(day(number), code) for number, code in seen]


def read_zipped(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(CASES / name, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def to_date(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


# ------------------------------------------------------------------ admiralonco's sequences


def options_of(config: str) -> BestResponse:
    style, *pairs = config.split(";")
    said = dict(pair.split("=") for pair in pairs)
    return BestResponse(
        confirmation_min_days=int(said.get("confirm", said.get("ref_confirm", "28"))),
        sd_min_days=int(said.get("sd_window", said.get("ref_start_window", "42"))),
        confirm_max_ne=int(said.get("max_ne", said.get("max_nr_ne", "1"))),
        confirm_allow_sd=int(said.get("accept_sd") == "TRUE"),
        nd_breaks_confirmation=style == "legacy",
    )


def answer(
    parameter: str, window: tuple[Visit, ...], reference: dt.date, options: BestResponse
) -> tuple[str, dt.date | None]:
    first = derive_response_date(window)
    confirmed = derive_confirmed_response(window, options)
    confirmed_date = confirmed.date if confirmed else None
    if parameter in ("BOR", "CBOR"):
        derive = derive_best_response if parameter == "BOR" else derive_confirmed_best_response
        best = derive(window, reference, options)
        return best.category, best.date
    response = first if parameter in ("RSP", "CB") else confirmed_date
    if parameter in ("CB", "CCB"):
        response = derive_clinical_benefit_date(window, reference, options, response)
    return "Y" if response else "N", response


def test_every_answer_of_admiralonco_is_reproduced():
    references = {
        row["USUBJID"]: dt.date.fromisoformat(row["RANDDT"])
        for row in read_zipped("sequences_subjects.csv.gz")
    }
    seen = defaultdict(list)
    for row in read_zipped("sequences_visits.csv.gz"):
        seen[row["USUBJID"]].append(Visit(dt.date.fromisoformat(row["ADT"]), row["AVALC"]))
    options, windows, wrong, count = {}, {}, [], 0
    for row in read_zipped("sequences_expected.csv.gz"):
        subject, config = row["USUBJID"], row["config"]
        chosen = options.setdefault(config, options_of(config))
        key = subject, chosen.nd_breaks_confirmation
        if key not in windows:
            windows[key] = select_window(seen[subject], chosen)
        found = answer(row["param"], windows[key], references[subject], chosen)
        count += 1
        if found != (row["value"], to_date(row["date"])):
            wrong.append((subject, config, row["param"], found))
    assert wrong == []
    assert count == 133_608


# --------------------------------------------------------------- admiralonco's tests and examples


def read_bor_cases() -> dict[str, list[dict[str, str]]]:
    cases = defaultdict(list)
    with (CASES / "bor_cases.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cases[row["case_id"]].append(row)
    return cases


BOR_CASES = read_bor_cases()


@pytest.mark.parametrize("case_id", BOR_CASES)
def test_a_case_of_admiralonco_is_answered_alike(case_id):
    rows = BOR_CASES[case_id]
    case = rows[0]
    options = BestResponse(
        confirmation_min_days=int(case["confirm_days"] or 28),
        sd_min_days=int(case["sd_window_days"] or 42),
        confirm_max_ne=int(case["max_ne_between"] or 1),
        confirm_allow_sd=int(case["accept_one_sd_for_pr"] == "TRUE"),
        missing_as_ne=case["missing_as_ne"] == "TRUE",
    )
    window = window_of(rows, options)
    found = answer_case(case, window, options)
    assert found == (case["expected_value"], to_date(case["expected_date"]))


def window_of(rows: list[dict[str, str]], options: BestResponse) -> tuple[Visit, ...]:
    """Visits as the case asks: the cut at progression is given there, or left out."""
    cut = to_date(rows[0]["first_pd_date"]) or dt.date.max
    made = [
        Visit(dt.date.fromisoformat(row["visit_date"]), row["overall_response"])
        for row in rows
        if row["visit_date"]
    ]
    if rows[0]["restrict_to_first_pd"] == "TRUE":
        return select_window([visit for visit in made if visit.date <= cut], options)
    return tuple(sorted(visit for visit in made if visit.overall not in ("", "NA", "ND")))


def answer_case(
    case: dict[str, str], window: tuple[Visit, ...], options: BestResponse
) -> tuple[str, dt.date | None]:
    reference = to_date(case["reference_date"]) or START
    if case["parameter"] != "CBR":
        return answer(case["parameter"], window, reference, options)
    benefit = derive_clinical_benefit_date(
        window,
        reference,
        options,
        to_date(case["response_date"]) or derive_response_date(window),
        case["clinical_benefit_values"].split("|"),
    )
    return "Y" if benefit else "N", benefit


# ------------------------------------------------------------------ Table 3


def read_table_3() -> list[dict[str, str]]:
    with (CASES / "recist11_confirmed_bor_table3.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "row", read_table_3(), ids=lambda row: f"{row['first']},{row['subsequent']}"
)
@pytest.mark.parametrize("met", [True, False])
def test_table_3_is_as_printed(row, met):
    options = BestResponse(table3_strict=True, sd_min_days=0 if met else 100)
    seen = visits((30, row["first"]), (60, row["subsequent"]))
    expected = row["bor_if_sd_minimum_met" if met else "bor_if_sd_minimum_not_met"]
    assert derive_confirmed_best_response(seen, START, options).category == expected


def test_without_the_strict_table_an_early_cr_then_sd_is_not_evaluable():
    seen = visits((14, "CR"), (28, "SD"))
    assert derive_confirmed_best_response(seen, START, BestResponse()) == Best("NE", day(14))


def test_the_strict_table_leaves_an_early_sd_alone():
    options = BestResponse(table3_strict=True)
    seen = visits((14, "SD"), (28, "NE"))
    assert derive_confirmed_best_response(seen, START, options) == Best("NE", day(14))


# ------------------------------------------------------------------ the window


def test_the_minimum_of_sd_is_a_date_difference_and_inclusive():
    assert derive_best_response(visits((41, "SD")), START, BestResponse()).category == "NE"
    assert derive_best_response(visits((42, "SD")), START, BestResponse()).category == "SD"


def test_early_sd_then_progression_is_progression():
    seen = select_window(visits((20, "SD"), (50, "PD")), BestResponse())
    assert derive_best_response(seen, START, BestResponse()) == Best("PD", day(50))


def test_what_comes_after_progression_does_not_count():
    window = select_window(visits((50, "SD"), (80, "PD"), (110, "CR")), BestResponse())
    assert [visit.overall for visit in window] == ["SD", "PD"]


def test_of_two_assessments_of_one_date_the_worse_counts():
    window = select_window(visits((50, "CR"), (50, "SD"), (50, "NE")), BestResponse())
    assert window == tuple(visits((50, "SD")))


def test_visits_from_new_therapy_on_do_not_count():
    seen = visits((50, "SD"), (80, "PR"))
    assert len(select_window(seen, BestResponse(), day(80))) == 1
    assert len(select_window(seen, BestResponse(new_therapy_inclusive=True), day(80))) == 2


def test_an_assessment_not_done_is_ignored_unless_it_breaks_confirmation():
    seen = visits((50, "PR"), (65, "ND"), (80, "PR"))
    for breaks, expected in ((False, "PR"), (True, "SD")):
        options = BestResponse(nd_breaks_confirmation=breaks)
        window = select_window(seen, options)
        assert derive_confirmed_best_response(window, START, options).category == expected


@pytest.mark.parametrize("code", ["ND", "NA"])
def test_where_nothing_was_done_it_is_nd(code):
    window = select_window(visits((50, code)), BestResponse())
    assert derive_best_response(window, START, BestResponse()) == Best("ND", day(50))


@pytest.mark.parametrize(("as_ne", "expected"), [(False, "MISSING"), (True, "NE")])
def test_no_assessment_is_missing_or_not_evaluable(as_ne, expected):
    options = BestResponse(missing_as_ne=as_ne)
    assert derive_best_response((), START, options) == Best(expected, None)


def test_no_disease_throughout_is_ned():
    assert derive_best_response(visits((50, "NED")), START, BestResponse()).category == "NED"


# ------------------------------------------------------------------ confirmation


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (visits((50, "PR"), (77, "PR")), "SD"),
        (visits((50, "PR"), (78, "PR")), "PR"),
        (visits((50, "PR"), (78, "CR")), "PR"),
        (visits((50, "PR"), (78, "CR"), (106, "CR")), "CR"),
        (visits((50, "CR"), (78, "PR")), "SD"),
        (visits((50, "PR"), (64, "NE"), (78, "PR")), "PR"),
        (visits((50, "PR"), (60, "NE"), (70, "NE"), (78, "PR")), "SD"),
        (visits((50, "PR"), (64, "SD"), (78, "PR")), "SD"),
        (visits((50, "PR"), (57, "CR"), (64, "PR"), (78, "PR")), "SD"),
        (visits((50, "CR"), (64, "SD"), (78, "CR")), "SD"),
        (visits((50, "CR"), (64, "NE"), (78, "CR")), "CR"),
    ],
)
def test_what_confirms_a_response(seen, expected):
    best = derive_confirmed_best_response(seen, START, BestResponse())
    assert best.category == expected


def test_one_sd_between_may_be_allowed():
    seen = visits((50, "PR"), (64, "SD"), (78, "PR"))
    options = BestResponse(confirm_allow_sd=1)
    assert derive_confirmed_best_response(seen, START, options) == Best("PR", day(50))


@pytest.mark.parametrize(("allowed", "expected"), [(0, "SD"), (1, "SD"), (2, "PR")])
def test_so_many_not_evaluable_visits_may_lie_between(allowed, expected):
    seen = visits((50, "PR"), (60, "NE"), (70, "NE"), (78, "PR"))
    options = BestResponse(confirm_max_ne=allowed)
    assert derive_confirmed_best_response(seen, START, options).category == expected


@pytest.mark.parametrize(("days", "expected"), [(27, "PR"), (28, "PR"), (29, "SD")])
def test_the_interval_to_confirmation_is_a_choice_and_inclusive(days, expected):
    seen = visits((50, "PR"), (78, "PR"))
    options = BestResponse(confirmation_min_days=days)
    assert derive_confirmed_best_response(seen, START, options).category == expected


@pytest.mark.parametrize(("days", "expected"), [(28, "SD"), (42, "SD"), (49, "NE")])
def test_the_minimum_of_sd_is_a_choice(days, expected):
    best = derive_best_response(visits((42, "SD")), START, BestResponse(sd_min_days=days))
    assert best.category == expected


@pytest.mark.parametrize(("strict", "expected"), [(False, "NE"), (True, "SD")])
def test_an_early_pr_then_sd_is_sd_only_under_the_strict_table(strict, expected):
    seen = visits((14, "PR"), (28, "SD"))
    options = BestResponse(table3_strict=strict)
    assert derive_confirmed_best_response(seen, START, options).category == expected


# ------------------------------------------------------------------ disease after CR


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("warn", ["NE", "CR", "CR", "PR", "SD"]),
        ("pd", ["NE", "CR", "CR", "PD"]),
        ("recode_pr", ["NE", "PR", "PR", "PR", "SD"]),
    ],
)
def test_disease_after_cr_is_left_called_pd_or_recoded(choice, expected):
    seen = visits((30, "NE"), (50, "CR"), (80, "CR"), (110, "PR"), (140, "SD"))
    window = select_window(seen, BestResponse(cr_then_disease=choice))
    assert [visit.overall for visit in window] == expected


def test_progression_after_cr_leaves_it_a_cr():
    seen = visits((50, "CR"), (80, "PD"), (110, "PR"))
    window = select_window(seen, BestResponse(cr_then_disease="recode_pr"))
    assert [visit.overall for visit in window] == ["CR", "PD"]


def test_a_non_target_cr_is_recoded_to_non_cr_non_pd():
    seen = visits((50, "CR"), (80, "NE"), (110, "NON-CR/NON-PD"))
    window = select_window(seen, BestResponse(cr_then_disease="recode_pr"))
    assert [visit.overall for visit in window] == ["NON-CR/NON-PD", "NE", "NON-CR/NON-PD"]


def test_disease_after_cr_is_noticed():
    assert has_disease_after_cr(visits((50, "CR"), (80, "SD")))
    assert not has_disease_after_cr(visits((50, "CR"), (80, "NE")))
    assert not has_disease_after_cr(visits((50, "PR"), (80, "SD")))


@pytest.mark.parametrize("inclusive", [False, True])
def test_progression_of_the_day_new_therapy_began_stands(inclusive):
    """A25; a response of that day counts only if the protocol says so (A14)."""
    day = dt.date(2025, 3, 3)
    options = BestResponse(new_therapy_inclusive=inclusive)
    assert [v.overall for v in select_window([Visit(day, "PD")], options, day)] == ["PD"]
    response_of_the_day = select_window([Visit(day, "PR")], options, day)
    assert [v.overall for v in response_of_the_day] == (["PR"] if inclusive else [])
