"""Variables of the tumour domains: order and labels of SDTMIG 3.4 (6.3.9.3, 6.3.12, 8.4)."""

from __future__ import annotations

from response.export.datasets import Variable


def _chars(*pairs: tuple[str, str]) -> tuple[Variable, ...]:
    return tuple(Variable(name, label) for name, label in pairs)


_STUDY = _chars(("STUDYID", "Study Identifier"), ("DOMAIN", "Domain Abbreviation"))
_SUBJECT = Variable("USUBJID", "Unique Subject Identifier")
_VISIT = (Variable("VISITNUM", "Visit Number", "Num"), Variable("VISIT", "Visit Name"))


def _evaluator(domain: str) -> tuple[Variable, ...]:
    return _chars((f"{domain}EVAL", "Evaluator"), (f"{domain}EVALID", "Evaluator Identifier"))


def _begin(domain: str) -> tuple[Variable, ...]:
    return (*_STUDY, _SUBJECT, Variable(f"{domain}SEQ", "Sequence Number", "Num"))


TU = (
    *_begin("TU"),
    *_chars(
        ("TUGRPID", "Group ID"),
        ("TULNKID", "Link ID"),
        ("TUTESTCD", "Tumor/Lesion ID Short Name"),
        ("TUTEST", "Tumor/Lesion ID Test Name"),
        ("TUORRES", "Tumor/Lesion ID Result"),
        ("TUSTRESC", "Tumor/Lesion ID Result Std. Format"),
        ("TULOC", "Location of the Tumor/Lesion"),
        ("TULAT", "Laterality"),
        ("TUMETHOD", "Method of Identification"),
    ),
    *_evaluator("TU"),
    *_VISIT,
    Variable("TUDTC", "Date/Time of Tumor/Lesion Identification"),
    Variable("TUDY", "Study Day of Tumor/Lesion Identification", "Num"),
)

TR = (
    *_begin("TR"),
    *_chars(
        ("TRGRPID", "Group ID"),
        ("TRLNKID", "Link ID"),
        ("TRLNKGRP", "Link Group ID"),
        ("TRTESTCD", "Tumor/Lesion Assessment Short Name"),
        ("TRTEST", "Tumor/Lesion Assessment Test Name"),
        ("TRORRES", "Result or Finding in Original Units"),
        ("TRORRESU", "Original Units"),
        ("TRSTRESC", "Character Result/Finding in Std Format"),
    ),
    Variable("TRSTRESN", "Numeric Result/Finding in Standard Units", "Num"),
    *_chars(
        ("TRSTRESU", "Standard Units"),
        ("TRSTAT", "Completion Status"),
        ("TRREASND", "Reason Not Done"),
        ("TRMETHOD", "Method Used to Identify the Tumor/Lesion"),
    ),
    *_evaluator("TR"),
    *_VISIT,
    Variable("TRDTC", "Date/Time of Tumor/Lesion Measurement"),
    Variable("TRDY", "Study Day of Tumor/Lesion Measurement", "Num"),
)

RS = (
    *_begin("RS"),
    *_chars(
        ("RSLNKGRP", "Link Group ID"),
        ("RSTESTCD", "Assessment Short Name"),
        ("RSTEST", "Assessment Name"),
        ("RSCAT", "Category for Assessment"),
        ("RSORRES", "Result or Finding in Original Units"),
        ("RSSTRESC", "Character Result/Finding in Std Format"),
        ("RSSTAT", "Completion Status"),
        ("RSREASND", "Reason Not Done"),
        ("RSDRVFL", "Derived Flag"),
    ),
    *_evaluator("RS"),
    *_VISIT,
    Variable("RSDTC", "Date/Time of Assessment"),
    Variable("RSDY", "Study Day of Assessment", "Num"),
)

SUPP = (
    Variable("STUDYID", "Study Identifier"),
    Variable("RDOMAIN", "Related Domain Abbreviation"),
    _SUBJECT,
    *_chars(
        ("IDVAR", "Identifying Variable"),
        ("IDVARVAL", "Identifying Variable Value"),
        ("QNAM", "Qualifier Variable Name"),
        ("QLABEL", "Qualifier Variable Label"),
        ("QVAL", "Data Value"),
        ("QORIG", "Origin"),
        ("QEVAL", "Evaluator"),
    ),
)

DM_COLUMNS = ("STUDYID", "DOMAIN", "USUBJID", "RFSTDTC", "RFXSTDTC", "DTHDTC", "DTHFL")
"""The dates that study days refer to; a help to read the tables again, no DM for submission."""

LABELS = {
    "TU": "Tumor/Lesion Identification",
    "TR": "Tumor/Lesion Results",
    "RS": "Disease Response and Clin Classification",
    "SUPPTU": "Supplemental Qualifiers for TU",
    "SUPPTR": "Supplemental Qualifiers for TR",
    "SUPPRS": "Supplemental Qualifiers for RS",
}
