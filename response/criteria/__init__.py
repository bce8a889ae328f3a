"""Response criteria: rules as values. ``CRITERIA`` is the list of those there are."""

from __future__ import annotations

from response.criteria.course import Criterion
from response.criteria.recist11 import CITATION as RECIST11_CITATION
from response.criteria.recist11_course import assess_course as assess_recist11
from response.endpoints import summarise

CRITERIA: dict[str, Criterion] = {
    "recist11": Criterion("recist11", RECIST11_CITATION, assess_recist11, summarise),
}
