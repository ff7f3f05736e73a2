"""The conditions behind two scores, as concepts of the OMOP vocabulary, and what each weighs.

The concept ids are those of OHDSI's FeatureExtraction [1]_ (CharlsonIndex.sql and Chads2Vasc.sql), with or without
descendants as there, and so are the weights of Charlson and of CHA2DS2-VASc. The weights of Quan 2011 are those of the
R package comorbidity [2]_, and so is the rule that a graver form takes the place of the milder: FeatureExtraction
counts both. It also looks in ``condition_era``, here one of two choices.

References
----------
.. [1] https://github.com/OHDSI/FeatureExtraction, commit 53266f02, inst/sql/sql_server.
.. [2] https://github.com/ellessenne/comorbidity, commit 8f5f79d3, data-raw/make-weights.R and R/assign0.R.
"""

from typing import NamedTuple


class Condition(NamedTuple):
    """One line of a score.

    Parameters
    ----------
    name : str
        What it is.
    concept_ids : tuple of int
        Concepts, meant with their descendants.
    weights : tuple of int
        What it weighs, by version of the score.
    alone : tuple of int
        Concepts meant without their descendants.
    excluded : tuple of int
        Concepts taken away again, with their descendants.
    covered_by : str
        The graver form of the same disease, beside which it does not count; empty where there is none.
    """

    name: str
    concept_ids: tuple[int, ...]
    weights: tuple[int, ...]
    alone: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    covered_by: str = ""


# Weights of Charlson 1987, and of Quan 2011.
CHARLSON = (
    Condition("myocardial infarction", (4329847,), (1, 0)),
    Condition("congestive heart failure", (316139,), (1, 2)),
    Condition("peripheral vascular disease", (321052,), (1, 0)),
    Condition("cerebrovascular disease", (381591, 434056), (1, 0)),
    Condition("dementia", (4182210,), (1, 2)),
    Condition("chronic pulmonary disease", (4063381,), (1, 1)),
    Condition("rheumatic disease", (257628, 134442, 80800, 80809, 256197, 255348), (1, 1)),
    Condition("peptic ulcer disease", (4247120,), (1, 0)),
    Condition("mild liver disease", (4064161, 4212540), (1, 2), covered_by="moderate or severe liver disease"),
    Condition("diabetes", (201820,), (1, 0), covered_by="diabetes with complications"),
    Condition("diabetes with complications", (443767, 442793), (2, 1)),
    Condition("hemiplegia or paraplegia", (192606, 374022), (2, 2)),
    Condition("renal disease", (4030518,), (2, 1)),
    Condition("malignancy", (443392,), (2, 2), covered_by="metastatic solid tumour"),
    Condition("moderate or severe liver disease", (4245975, 4029488, 192680, 24966), (3, 4)),
    Condition("metastatic solid tumour", (432851,), (6, 6)),
    Condition("AIDS", (439727,), (6, 4)),
)
CHA2DS2_VASC = (
    Condition("congestive heart failure", (316139, 314378), (1,), alone=(318773, 321319)),
    Condition("hypertension", (320128, 442604, 201313), (1,), excluded=(197930,)),
    Condition("diabetes", (201820, 442793), (1,), excluded=(195771, 376112, 4174977, 4058243, 193323, 376979)),
    Condition(
        "stroke or thromboembolism",
        (4043731, 4110192, 375557, 4108356, 373503, 434656, 433505, 376714, 312337),
        (2,),
    ),
    Condition(
        "vascular disease",
        (
            *(312327, 43020432, 314962, 312939, 315288, 317309, 134380, 196438),
            *(200138, 194393, 319047, 40486130, 317003, 4313767, 321596),
        ),
        (1,),
        alone=(317305, 321886, 314659, 321887, 437312, 134057),
    ),
)
