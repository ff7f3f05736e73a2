"""Who falls ill of what, when, and what is given for it: rough figures, for records that look like a hospital's.

They are invented so that tables and curves look sensible, not fitted to any population.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chronic:
    """An illness that stays: the share who ever get it and the age by which half of them have it."""

    concept_id: int
    share: float
    middle_age: float
    spread: float
    repeats_per_year: float
    female: float = 1.0
    """How many times as often women get it."""
    after: tuple[tuple[int, float], ...] = ()
    """Illnesses that make it so many times as likely."""
    drugs: tuple[tuple[int, float, int, float], ...] = ()
    """Drug, share who take it, days' supply, mg a day (0: no dose era)."""


CHRONIC: tuple[Chronic, ...] = (
    Chronic(433736, 0.28, 42, 12, 0.4),
    Chronic(
        320128,
        0.6,
        60,
        8,
        1.2,
        after=((433736, 1.35),),
        drugs=((1308216, 0.25, 90, 10), (1341927, 0.12, 90, 10), (1367500, 0.2, 90, 50), (1332418, 0.35, 90, 5)),
    ),
    Chronic(432867, 0.5, 58, 9, 0.8, drugs=((1545958, 0.45, 90, 20), (1539403, 0.15, 90, 20))),
    Chronic(
        201826,
        0.17,
        58,
        9,
        1.5,
        female=0.8,
        after=((433736, 2.2), (320128, 1.3)),
        drugs=((1503297, 0.7, 90, 1700), (1502905, 0.2, 30, 0), (45774751, 0.15, 90, 10)),
    ),
    Chronic(376065, 0.01, 66, 8, 0.6, after=((201826, 25.0),)),
    Chronic(46271022, 0.13, 72, 9, 0.9, after=((201826, 2.2), (320128, 1.8))),
    Chronic(443597, 0.02, 72, 9, 0.9, after=((46271022, 25.0),)),
    Chronic(443731, 0.004, 68, 9, 0.7, after=((201826, 15.0), (46271022, 6.0))),
    Chronic(443611, 0.003, 74, 9, 2.0, after=((443597, 30.0),)),
    Chronic(
        317576, 0.14, 68, 9, 0.7, female=0.6, after=((432867, 1.5), (201826, 1.5)), drugs=((1112807, 0.6, 90, 81),)
    ),
    Chronic(312327, 0.045, 70, 10, 0.15, female=0.6, after=((317576, 6.0),), drugs=((1322184, 0.7, 30, 75),)),
    Chronic(314666, 0.003, 72, 9, 0.5, after=((312327, 150.0),)),
    Chronic(
        316139,
        0.11,
        76,
        8,
        1.0,
        after=((317576, 2.5), (320128, 1.5), (312327, 2.0)),
        drugs=((956874, 0.6, 30, 40), (1307046, 0.5, 90, 100)),
    ),
    Chronic(
        313217,
        0.14,
        74,
        9,
        1.0,
        female=0.8,
        after=((316139, 2.5), (320128, 1.4)),
        drugs=((43013024, 0.4, 30, 10), (1310149, 0.3, 30, 5), (1307046, 0.4, 90, 100)),
    ),
    Chronic(443454, 0.06, 79, 9, 0.3, after=((313217, 3.5), (320128, 1.6)), drugs=((1322184, 0.4, 30, 75),)),
    Chronic(373503, 0.02, 74, 9, 0.2, after=((313217, 2.0),)),
    Chronic(374022, 0.001, 76, 9, 0.8, after=((443454, 150.0),)),
    Chronic(321052, 0.07, 73, 8, 0.5, female=0.7, after=((201826, 2.2),)),
    Chronic(255573, 0.13, 68, 8, 0.9, female=0.8, drugs=((1154343, 0.6, 30, 0),)),
    Chronic(317009, 0.09, 25, 14, 0.5, drugs=((1154343, 0.6, 30, 0),)),
    Chronic(4182210, 0.17, 84, 6, 0.9, female=1.2),
    Chronic(440383, 0.13, 42, 14, 0.8, female=1.7, drugs=((739138, 0.5, 30, 50),)),
    Chronic(80809, 0.014, 55, 12, 1.0, female=2.2, drugs=((1551099, 0.4, 30, 5),)),
    Chronic(80180, 0.3, 66, 10, 0.4, female=1.3, drugs=((1177480, 0.3, 30, 0),)),
    Chronic(440674, 0.05, 62, 11, 0.5, female=0.4),
    Chronic(140673, 0.08, 55, 13, 0.7, female=2.2, drugs=((1501700, 0.85, 90, 0.1),)),
    Chronic(439777, 0.12, 66, 16, 0.5, female=1.4, after=((46271022, 2.0),)),
    Chronic(318800, 0.2, 52, 14, 0.5, drugs=((923645, 0.6, 30, 20),)),
    Chronic(4027663, 0.025, 62, 13, 0.3, drugs=((923645, 0.6, 30, 20),)),
    Chronic(4064161, 0.02, 60, 9, 1.0, female=0.6),
    Chronic(4112853, 0.055, 64, 10, 2.0, female=60.0),
    Chronic(443388, 0.03, 71, 8, 2.5, female=0.7),
    Chronic(4180790, 0.03, 70, 9, 2.0),
    Chronic(4163261, 0.055, 71, 7, 1.5, female=0.0),
    Chronic(317510, 0.006, 65, 15, 2.5),
    Chronic(432571, 0.011, 66, 12, 2.0),
    Chronic(432851, 0.003, 71, 9, 2.5, after=((443388, 60.0), (4180790, 50.0), (4112853, 40.0), (4163261, 40.0))),
    Chronic(439727, 0.003, 36, 8, 1.5, female=0.3),
)

CANCERS = frozenset({4112853, 443388, 4180790, 4163261, 317510, 432571})

# Concept, times a year, and the drug given for it (0: none).
ACUTE: tuple[tuple[int, float, int], ...] = (
    (260139, 0.18, 1713332),
    (81902, 0.1, 1713332),
    (134736, 0.22, 1177480),
    (378253, 0.12, 1177480),
    (437663, 0.1, 0),
    (200219, 0.12, 0),
    (255848, 0.02, 1713332),
    (192671, 0.008, 0),
    (440417, 0.002, 0),
)

# Illness, what it leads to, and how often a year: strokes of people with atrial fibrillation, above all.
CONSEQUENCES: tuple[tuple[int, int, float], ...] = (
    (313217, 443454, 0.035),
    (313217, 192671, 0.02),
    (316139, 319835, 0.3),
    (255573, 255848, 0.08),
)

# Concept and its share of all procedures.
PROCEDURES: tuple[tuple[int, float], ...] = (
    (4163872, 0.4),
    (4163951, 0.35),
    (4230911, 0.1),
    (4249893, 0.14),
    (4216130, 0.01),
)
