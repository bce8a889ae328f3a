"""Variables of the analysis data sets ADRS, ADTTE and ADTR (ADaMIG 1.3; names of admiralonco)."""

from __future__ import annotations

from response.export.datasets import Variable

_KEYS = (
    Variable("STUDYID", "Study Identifier"),
    Variable("USUBJID", "Unique Subject Identifier"),
    Variable("ASEQ", "Analysis Sequence Number", "Num"),
    Variable("TRTSDT", "Date of First Exposure to Treatment", "Date"),
    Variable("RANDDT", "Date of Randomization", "Date"),
)
_PARAMETER = (
    Variable("PARAMCD", "Parameter Code"),
    Variable("PARAM", "Parameter"),
    Variable("PARQUAL", "Parameter Qualifier"),
    Variable("PARCAT1", "Parameter Category 1"),
    Variable("PARCAT2", "Parameter Category 2"),
    Variable("PARCAT3", "Parameter Category 3"),
)
_WHEN = (
    Variable("ADT", "Analysis Date", "Date"),
    Variable("ADTF", "Analysis Date Imputation Flag"),
    Variable("ADY", "Analysis Relative Day", "Num"),
    Variable("AVISIT", "Analysis Visit"),
    Variable("AVISITN", "Analysis Visit (N)", "Num"),
)
_PROVISIONAL = Variable("PROVFL", "Provisional Result Flag")
_SOURCE = (
    Variable("SRCDOM", "Source Data"),
    Variable("SRCVAR", "Source Variable"),
    Variable("SRCSEQ", "Source Sequence Number", "Num"),
)

ADRS = (
    *_KEYS,
    *_PARAMETER,
    Variable("AVALC", "Analysis Value (C)"),
    Variable("AVAL", "Analysis Value", "Num"),
    *_WHEN,
    Variable("ANL01FL", "Analysis Flag 01"),
    Variable("ANL02FL", "Analysis Flag 02"),
    _PROVISIONAL,
    Variable("RSEVAL", "Evaluator"),
    Variable("RSEVALID", "Evaluator Identifier"),
)

ADTTE = (
    *_KEYS,
    *_PARAMETER,
    Variable("STARTDT", "Time-to-Event Origin Date for Subject", "Date"),
    Variable("ADT", "Analysis Date", "Date"),
    Variable("AVAL", "Analysis Value", "Num"),
    Variable("AVALU", "Analysis Value Unit"),
    Variable("CNSR", "Censor", "Num"),
    Variable("EVNTDESC", "Event or Censoring Description"),
    Variable("CNSDTDSC", "Censor Date Description"),
    _PROVISIONAL,
    *_SOURCE,
)

ADTR = (
    *_KEYS,
    *_PARAMETER,
    Variable("AVAL", "Analysis Value", "Num"),
    Variable("BASE", "Baseline Value", "Num"),
    Variable("CHG", "Change from Baseline", "Num"),
    Variable("PCHG", "Percent Change from Baseline", "Num"),
    Variable("NADIR", "Nadir Value", "Num"),
    Variable("CHGNAD", "Change from Nadir", "Num"),
    Variable("PCHGNAD", "Percent Change from Nadir", "Num"),
    *_WHEN,
    Variable("ABLFL", "Baseline Record Flag"),
    Variable("ANL01FL", "Analysis Flag 01"),
    _PROVISIONAL,
    Variable("TRLNKID", "Link ID"),
    Variable("TREVAL", "Evaluator"),
    Variable("TREVALID", "Evaluator Identifier"),
)

LABELS = {
    "ADRS": "Disease Response Analysis Dataset",
    "ADTTE": "Time to Event Analysis Dataset",
    "ADTR": "Tumor Results Analysis Dataset",
}
