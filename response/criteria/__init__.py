"""Response criteria: rules as values. ``CRITERIA`` is the list of those there are."""

from __future__ import annotations

from functools import partial

from response.criteria.choi import CITATION as CHOI_CITATION
from response.criteria.choi_course import assess_course as assess_choi
from response.criteria.course import Criterion
from response.criteria.eortc_pet import CITATION as EORTC_PET_CITATION
from response.criteria.eortc_pet_course import assess_course as assess_eortc_pet
from response.criteria.irecist import CITATION as IRECIST_CITATION
from response.criteria.irecist_best import summarise as summarise_irecist
from response.criteria.irecist_course import assess_course as assess_irecist
from response.criteria.lugano import CITATION as LUGANO_CITATION
from response.criteria.lugano import VOCABULARY as LUGANO_VOCABULARY
from response.criteria.lugano_course import assess_course as assess_lugano
from response.criteria.mrecist import CITATION as MRECIST_CITATION
from response.criteria.mrecist import assess_course as assess_mrecist
from response.criteria.pcwg3 import CITATION as PCWG3_CITATION
from response.criteria.pcwg3 import VOCABULARY as PCWG3_VOCABULARY
from response.criteria.pcwg3_course import assess_course as assess_pcwg3
from response.criteria.pcwg3_course import summarise as summarise_pcwg3
from response.criteria.percist10 import CITATION as PERCIST10_CITATION
from response.criteria.percist10_course import assess_course as assess_percist10
from response.criteria.rano2 import CITATION as RANO2_CITATION
from response.criteria.rano2 import VOCABULARY as RANO2_VOCABULARY
from response.criteria.rano2_course import assess_course as assess_rano2
from response.criteria.recist11 import CITATION as RECIST11_CITATION
from response.criteria.recist11_course import assess_course as assess_recist11
from response.endpoints import summarise
from response.vocabulary import PET

CRITERIA: dict[str, Criterion] = {
    "choi": Criterion("choi", CHOI_CITATION, assess_choi, summarise),
    "eortc_pet": Criterion(
        "eortc_pet", EORTC_PET_CITATION, assess_eortc_pet, partial(summarise, vocabulary=PET)
    ),
    "irecist": Criterion("irecist", IRECIST_CITATION, assess_irecist, summarise_irecist),
    "mrecist": Criterion("mrecist", MRECIST_CITATION, assess_mrecist, summarise),
    "lugano": Criterion(
        "lugano",
        LUGANO_CITATION,
        assess_lugano,
        partial(summarise, vocabulary=LUGANO_VOCABULARY),
    ),
    "pcwg3": Criterion(
        "pcwg3",
        PCWG3_CITATION,
        assess_pcwg3,
        partial(summarise_pcwg3, vocabulary=PCWG3_VOCABULARY),
    ),
    "percist10": Criterion(
        "percist10", PERCIST10_CITATION, assess_percist10, partial(summarise, vocabulary=PET)
    ),
    "rano2": Criterion(
        "rano2", RANO2_CITATION, assess_rano2, partial(summarise, vocabulary=RANO2_VOCABULARY)
    ),
    "recist11": Criterion("recist11", RECIST11_CITATION, assess_recist11, summarise),
}
