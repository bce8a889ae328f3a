"""Free text: only words known to say nothing of a person are let through.

This is how descriptors are cleaned (PS3.15 E.3.8): by what may stay, not by what must go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SERIES = """
2d 3d 4d abd abdo abdomen abdominal abdpelvis ac adc angio apical arm arms arterial artery asl ax
axial b0 b50 b1000 base baseline bh blade blood body bolus bone brain breast breath c c+ care chest
chest/abd contrast coned cor coronal corrected correction cran cranial ct cta cv delay delayed
diffusion dixon dose dot dual dwi dyn dynamic early enhanced epi exam exp expiration ext fast fat
fbp fdg ffdg flair flash follow followup fov free fs fse full fu fused gated ga68 gd gre hand haste
hd head high hold hr imr in infusion insp inspiration inversion io iodine iter iterative iv j k
kernel kv large late lat lateral limbs liver localiser localizer loc low lower lt lung lungs ma mac
map mag magnetisation medium mediastinum mip mono mpr mprage mr mri nac nativ native neck no non
noncontrast of oblique obl opp oral orbit original osem out pa parenchyma pat pc pelvis perfusion
pet petct phase plain plane portal portalvenous portovenous post postcontrast pre precontrast
primary prone protocol psf psma pt ra raw recon reconstruction reformat resp rest routine rt sag
sagittal scan scout se section seg segmentation sense series sinogram skull slice slices small
smooth soft space spair spect spin spine spir sp spiral standard std static stir stress subtraction
sum supine survey sven tap target te tfe thick thin thorax thoracic tirm tissue to tof tomo top topo
topogram tot total tr trace transaxial tra transversal trans true trufi tse uncorrected upper us ven
venous vertebra vibe view volume w wat water wb whole wholebody window with without wo x z
t1 t2 t1w t2w pd pdw fdg18 f18 18f c11 11c ga 68ga
"""

_LESIONS = """
absent adrenal aorta ascending background bilateral bladder bladderwall blood bone bowel bronchus
cavity central colon cyst descending diameter disease duodenum edema enhancing esophagus femoral
femur finding gallbladder gland gtv hepatic hilar humerus iliac inferior inguinal kidney left lesion
lesions liver lobe lobes longest lumbar lung lymph mass measurement mediastinal mesenteric
metastases metastasis metastatic muscle necrosis necrotic necrotising node nodes nodule nodules
nontarget non-target oesophagus organ ovary pancreas paraaortic pelvic peritoneal peritoneum pleura
pleural pool primary prostate rectum reference region renal retroperitoneal rib ribs right roi
sacrum scapula short skin skull soft spinal spleen sternum stomach superior supraclavicular target
targets thyroid tissue tumor tumour tumor(s) upper uterus vertebral volume axis whole
screening visit week wk month day cycle tp fu followup
stable progressing new unequivocal equivocal present image series suvbw suv
"""

_VENDORS = """
agfa bruker canon electric elscint fuji fujifilm ge general gems healthcare hitachi imaging llc
marconi medical mediso neusoft philips picker shimadzu siemens systems toshiba uih united
"""

KNOWN = frozenset((_SERIES + _LESIONS).split())
"""Words of series, organs and lesions."""

VENDORS = frozenset(_VENDORS.split())
"""Words of the names of manufacturers."""

_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
_NUMBER = re.compile(
    r"\d{1,3}(mm|cm|kv|ma|s|ml|min)?|[a-z]\d{1,3}[a-z]?|[a-z]|(tp|wk|week|fu|visit|scan|cycle)\d{1,3}"
)


def list_words(texts: Iterable[str]) -> frozenset[str]:
    """List the words of identifying values: three letters or more, of numbers four digits.

    Examples
    --------
    >>> sorted(list_words(["Doe^Jane A.", "MRN-0042"]))
    ['0042', 'doe', 'jane', 'mrn']
    """
    tokens = {token.casefold() for text in texts for token in _TOKEN.findall(text)}
    return frozenset(token for token in tokens if len(token) > (3 if token.isdigit() else 2))


def clean_words(text: str, names: frozenset[str] = frozenset()) -> str:
    """Keep the words of a text that are known, and short numbers; never one of `names`.

    Examples
    --------
    >>> clean_words("PET WB uncorrected (Jane Doe)")
    'PET WB uncorrected'
    >>> clean_words("CT Chest 5.0 mm", frozenset({"chest"}))
    'CT 5 0'
    """
    kept = []
    for token in _TOKEN.findall(text):
        word = token.casefold()
        if word not in names and (word in KNOWN or _NUMBER.fullmatch(word)):
            kept.append(token)
    return " ".join(kept)


def is_clean(text: str, names: frozenset[str] = frozenset()) -> bool:
    """Whether cleaning takes nothing from a text but marks between words.

    Examples
    --------
    >>> is_clean("Liver reference"), is_clean("Doe 1")
    (True, False)
    """
    return clean_words(text, names) == " ".join(_TOKEN.findall(text))


def holds_name(text: str, names: frozenset[str]) -> bool:
    """Whether an identifying word stands in a text, alone or within another word.

    Examples
    --------
    >>> holds_name("DISCOVERY_DOEJ", list_words(["Doe^Jane"]))
    True
    >>> holds_name("Philips", list_words(["Philips^Jane"]))
    False
    """
    lower = text.casefold()
    return any(name in lower for name in names - KNOWN - VENDORS)
