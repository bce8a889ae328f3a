"""The whole chain from lesions to overall responses against a public data set's own answers."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal

from response.assess import assess_subject
from response.ingest.table_cells import parse_partial_date
from response.model import LesionReading, Reader, SubjectFacts
from response.protocol import Protocol, parse_protocol
from response.terms import LesionState, Role

ROLES = {"TARGET": Role.TARGET, "NON-TARGET": Role.NON_TARGET}
STATES = {state.value: state for state in LesionState} | {
    "UNEQUIVOCAL": LesionState.UNEQUIVOCAL_PROGRESSION
}


def read_rows(folder, name):
    with (folder / "table_sdtm_recist" / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_nodes(folder):
    return {
        (row["USUBJID"], row["TULNKID"])
        for row in read_rows(folder, "tu_onco_recist.csv")
        if row["TULOC"] == "LYMPH NODE"
    }


def read_readings(folder):
    """Diameters as RECIST counts them, by subject and reader."""
    nodes, streams = read_nodes(folder), defaultdict(list)
    for row in read_rows(folder, "tr_onco_recist.csv"):
        node = (row["USUBJID"], row["TRLNKID"]) in nodes
        if row["TRTESTCD"] == ("LDIAM" if node else "LPERP"):
            continue
        length = Decimal(row["TRORRES"]) if row["TRORRESU"] == "mm" and row["TRORRES"] else None
        reader = Reader(row["TREVAL"], row["TREVALID"])
        streams[row["USUBJID"], reader].append(
            LesionReading(
                row["VISIT"],
                parse_partial_date(row["TRDTC"]),
                row["TRLNKID"],
                ROLES[row["TRGRPID"]],
                node=node,
                diameter_mm=length,
                state=STATES.get(row["TRORRES"]),
            )
        )
    return streams


def assess_all(folder, protocol):
    found = {}
    for (subject, reader), rows in read_readings(folder).items():
        result = assess_subject(subject, reader, rows, SubjectFacts(subject), protocol)
        for row in result.assessments[1:]:
            found[subject, reader, row.time_point] = row.overall_response
    return found


def read_published(folder):
    return {
        (row["USUBJID"], Reader(row["RSEVAL"], row["RSEVALID"]), row["VISIT"]): row["RSORRES"]
        for row in read_rows(folder, "rs_onco_recist.csv")
    }


def test_overall_responses_agree_with_all_that_are_published(shared_data):
    """The data set leaves disease after a complete response as it is."""
    published = read_published(shared_data)
    found = assess_all(shared_data, parse_protocol('[rules]\ncr_then_disease = "warn"'))
    assert len(published) == 66
    assert {key: found.get(key) for key in published} == published


def test_disease_after_a_complete_response_is_the_only_difference(shared_data):
    """One lesion of 4.95 mm where the scan before was a complete response: here it is PD."""
    published = read_published(shared_data)
    found = assess_all(shared_data, Protocol())
    differ = {key: (found[key], said) for key, said in published.items() if found[key] != said}
    reader = Reader("INDEPENDENT ASSESSOR", "RADIOLOGIST 2")
    assert differ == {("01-701-1133", reader, "WEEK 9"): ("PD", "PR")}
