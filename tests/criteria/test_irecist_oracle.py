"""Best overall response and its companions against the answers of a public data set.

The overall responses and the answers are those of the pharmaverse: iRECIST responses by date, and
what its analysis data set derives from them.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter, defaultdict

import pytest

from response.best_response import (
    Visit,
    derive_clinical_benefit_date,
    derive_confirmed_response,
    derive_response_date,
)
from response.criteria.irecist_best import (
    derive_best_response,
    derive_confirmed_best_response,
    find_progression,
    select_visits,
    select_window,
    translate_window,
)
from response.ingest.table_cells import parse_partial_date
from response.protocol import BestResponse

OPTIONS = BestResponse()
DERIVED = ("ICPD", "IUPD", "IRSP", "ICB", "IBOR", "ICRSP", "ICCB", "ICBOR")


def read_rows(folder, name):
    with (folder / "table_sdtm_recist" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def expected(shared_data):
    """The published value and date, by subject and parameter; and when each subject began."""
    answers, starts = {}, {}
    for row in read_rows(shared_data, "irecist_bor_expected.csv"):
        starts[row["USUBJID"]] = dt.date.fromisoformat(row["RANDDT"])
        if row["PARAMCD"] != "OVR":
            date = dt.date.fromisoformat(row["ADT"]) if row["ADT"] else None
            answers[row["USUBJID"], row["PARAMCD"]] = (row["AVALC"], date)
    return answers, starts


@pytest.fixture(scope="module")
def visits(shared_data):
    """Overall responses by subject, as collected."""
    found = defaultdict(list)
    for row in read_rows(shared_data, "rs_onco_irecist.csv"):
        if row["RSTESTCD"] == "OVRLRESP" and row["RSEVAL"] == "INVESTIGATOR":
            found[row["USUBJID"]].append(
                Visit(parse_partial_date("RSDTC", row["RSDTC"]), row["RSSTRESC"])
            )
    return found


def said(date):
    return ("N", None) if date is None else ("Y", date)


def derive(seen, start):
    """The parameters of the data set, from the functions of iRECIST."""
    counted = select_visits(seen, OPTIONS)
    standing = find_progression(counted)
    words = translate_window(select_window(seen, OPTIONS), OPTIONS)
    first = derive_response_date(words)
    confirmed = derive_confirmed_response(words, OPTIONS)
    first_confirmed = confirmed.date if confirmed else None
    best = derive_best_response(seen, start, OPTIONS)
    best_confirmed = derive_confirmed_best_response(seen, start, OPTIONS)
    return {
        "ICPD": said(standing.date if standing and standing.confirmed else None),
        "IUPD": said(standing.date if standing and not standing.confirmed else None),
        "IRSP": said(first),
        "ICB": said(derive_clinical_benefit_date(words, start, OPTIONS, first)),
        "IBOR": (best.category, best.date),
        "ICRSP": said(first_confirmed),
        "ICCB": said(derive_clinical_benefit_date(words, start, OPTIONS, first_confirmed)),
        "ICBOR": (best_confirmed.category, best_confirmed.date),
    }


def test_every_published_answer_is_reproduced_value_and_date(expected, visits):
    answers, starts = expected
    found = {}
    for subject, start in starts.items():
        for name, value in derive(visits.get(subject, []), start).items():
            found[subject, name] = value
    assert len(answers) == 27 * len(DERIVED)
    assert Counter(name for _, name in answers).keys() == set(DERIVED)
    differ = {key: (found.get(key), value) for key, value in answers.items()
              if found.get(key) != value}  # fmt: skip
    assert differ == {}


def test_the_published_overall_responses_are_those_that_were_collected(shared_data, visits):
    published = defaultdict(list)
    for row in read_rows(shared_data, "irecist_bor_expected.csv"):
        if row["PARAMCD"] == "OVR":
            date = dt.date.fromisoformat(row["ADT"])
            published[row["USUBJID"]].append(Visit(date, row["AVALC"]))
    assert {key: sorted(value) for key, value in published.items()} == {
        key: sorted(value) for key, value in visits.items()
    }
