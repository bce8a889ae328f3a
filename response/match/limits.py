"""Every threshold of the match, once, with its why.

Costs are negative log-likelihoods (nats), so a difference of two costs is the log of the odds
between two answers. *Ours*: no standard fixes them; they were chosen on constructed courses and on
random phantom courses that are not among the bundled ones.
"""

SAMPLE_POINTS = 300
"""Points that carry a lesion through a registration: enough for its extent, cheap to map."""

MARK_POINTS = 20_000
"""Voxels of a mark that are searched; a larger mark is thinned evenly."""

ERROR_FLOOR_MM = 2.0
"""No registration of a trunk is better than this (Santoro-Fernandes 2021: 2.3 to 2.6 mm)."""

LIKELY_ERROR_MM = 8.0
"""A registration that passed its checks is mostly off by 1 to 4 mm, though bound wider."""

UNSEEN_FACTOR = 1.7
"""A lesion that was not there to hold on to is carried with 1.6 to 2 times the error."""

ERROR_CEILING_MM = 25.0
"""A lesion carried further than this without being seen is not looked for any wider."""

ASTRAY_SHARE = 0.05
ASTRAY_SIGMA_MM = 6.0
"""Even then one place in twenty is off by a centimetre: beside a moved organ, where a lesion went.
(On phantoms, 5 of 58 places were off by more than 8 mm after registrations that passed.)"""

ASTRAY_CONFIDENCE = 0.8
"""The most that is claimed of a pair that lies beyond the likely error and does not overlap."""

REFERENCE_SIGMA_MM = 1.4
"""Spread of a good registration; densities are counted against this one."""

BOUND_IN_SIGMAS = 2.8
"""The expected error bounds a place: 95 % of a Gaussian in space lies within 2.8 sigma."""

SHAPE_SIGMA = 0.45
"""A remainder may lie anywhere in the earlier extent: uniform in a ball, sigma is R / sqrt(5)."""

OUTLINE_SIGMA = 0.1
"""Two readings of one outline shift its centre by about a tenth of its radius."""

TAIL_FREEDOM = 8.0
"""Degrees of freedom of the error's distribution: errors beyond the bound do happen."""

LEAST_LIKELY = 1e-30
"""Below this a likelihood is none."""

SIZE_SIGMA = 0.9
"""Spread of the log of the volume ratio between two scans: a factor of 2.5 either way is usual."""

SIZE_COST_CEILING = 4.0
"""A great change of size speaks against a pair, but place decides."""

OVERLAPPING = 0.5
"""From this overlap on, a pair may be one lesion wherever its centres are."""

OVERLAP_COST = 4.0
OVERLAP_SLOPE = 6.0
"""Cost of such a pair, for a full overlap and per part of it that is missing."""

SCALE_PRIOR = 6.0
"""Pairs whose errors weigh as much as the bound that the registration gave."""

SCALE_PAIRS = 5
"""With fewer pairs a wrong one would excuse itself."""

SCALE_RANGE = (0.5, 2.0)
"""The bound is corrected by no more than this."""

CHI_SQUARED_3_MEDIAN = 2.366
"""Median squared error over its spread in three dimensions, if the spread is right."""

LEAST_REACH_MM = 10.0
"""Surfaces further apart than this, or than the expected error, are not compared."""

GONE_COST = 4.0
"""What it costs to leave a lesion without a mark."""

GONE_AGAIN_COST = 3.0
"""The same for a lesion that had resolved: it is rather expected to stay away."""

NEW_COST = 6.0
"""What it costs to leave a mark without a lesion: new lesions are few in a large body."""

COUNTED_MARGIN = 6.0
"""Pairs that cost this much more than parting are not counted even as a second answer."""

NEIGHBOUR_REACH_MM = 35.0
"""Registration error is smooth: neighbours within about this distance share it."""

NEIGHBOUR_PRIOR = 2.0
"""Neighbours needed (as weights) before half their shared error is believed."""

ROUNDS = 3
"""Times the assignment is repeated with the error shared by neighbours taken out."""

INSIDE_SLACK = 0.25
"""Part of the expected error that a point may lie outside an outline and still count as inside."""

MERGE_COVERED = 0.5
"""A merge covers at least half of the place of the lesion that lost its mark."""

SPLIT_CONTAINED = 0.5
"""A part of a split lies at least by half in the extent of the earlier lesion."""

FUSED_VOLUME = 0.4
"""A merged mark holds at least this part of the volume of the lesions before."""

FUSED_SHARE = 0.25
"""A lesion that has a mark and yet fused with another fills at least a quarter of that one."""

PIECE = 0.5
"""And its own mark is less than half of what it was."""

AGAINST_ODDS = 0.85
"""A merge or split is believed this much less where one lesion alone fits better."""

TOUCHED = 0.2
"""A place covered this far by another mark is not called empty without a person."""

TAKEN = 0.3
"""Covered this far by another lesion's mark, a place may be part of it: it is not called empty."""

CONFIDENT = 0.9
"""Below this confidence two answers are close and a person is asked."""

EDGE_MM = 2.0
"""A place nearer to the edge of the field than this is not said to have been imaged."""

UNTRUSTED_CONFIDENCE = 0.5
"""The most that is claimed across a registration that is not trusted."""
