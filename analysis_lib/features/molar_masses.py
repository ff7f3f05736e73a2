"""What a conversion must know of a substance, because the unit alone does not say it.

Molar masses are computed from the standard atomic weights of 2021 [1]_ (rounded; inside the intervals given there for
elements that vary: H 1.008, C 12.011, N 14.007, O 15.999, P 30.974, Na 22.990, Mg 24.305, Cl 35.45, K 39.098, Ca
40.078) and the formula given beside each. Cholesterol stands for itself, so total, LDL and HDL cholesterol share it;
triglycerides are counted as triolein, as laboratories do. Urea nitrogen is the two nitrogens of urea: 1 mg/dL of it is
0.357 mmol/L of urea. Haemoglobin is the monomer with one haem, by which 1 g/dL is 0.6206 mmol/L [2]_. Albumin's molar
mass is the 66.5 kDa that is commonly given.

References
----------
.. [1] Commission on Isotopic Abundances and Atomic Weights, https://www.ciaaw.org/atomic-weights.htm, table of 2021.
.. [2] https://pmc.ncbi.nlm.nih.gov/articles/PMC3934467/table/T1 gives 0.62063, for subunits of haemoglobin.
"""

from typing import NamedTuple

from analysis_lib.errors import FeatureInputError


class Substance(NamedTuple):
    """A substance.

    Parameters
    ----------
    molar_mass : float
        In g/mol.
    formula : str
        What the molar mass is computed from.
    charge : int
        Charges of the ion, for equivalents; 0 where equivalents have no meaning.
    """

    molar_mass: float
    formula: str
    charge: int = 0


SUBSTANCES = {
    "albumin": Substance(66_500.0, "human serum albumin, three digits"),
    "bicarbonate": Substance(61.016, "HCO3-", 1),
    "bilirubin": Substance(584.673, "C33H36N4O6"),
    "calcium": Substance(40.078, "Ca", 2),
    "chloride": Substance(35.45, "Cl-", 1),
    "cholesterol": Substance(386.664, "C27H46O"),
    "creatinine": Substance(113.120, "C4H7N3O"),
    "glucose": Substance(180.156, "C6H12O6"),
    "haemoglobin": Substance(16_114.5, "the haemoglobin monomer, one haem"),
    "lactate": Substance(90.078, "C3H6O3, lactic acid, as laboratories count it", 1),
    "magnesium": Substance(24.305, "Mg", 2),
    "phosphate": Substance(30.974, "P, since laboratories report phosphorus", 0),
    "potassium": Substance(39.098, "K+", 1),
    "sodium": Substance(22.990, "Na+", 1),
    "triglycerides": Substance(885.450, "triolein, C57H104O6"),
    "urate": Substance(168.112, "C5H4N4O3"),
    "urea": Substance(60.056, "CH4N2O"),
    "urea nitrogen": Substance(28.014, "N2, the nitrogen of one urea"),
}
"""Substances by name; ``hba1c`` is known too and has an equation of its own."""

HBA1C = "hba1c"
NGSP_PER_IFCC, NGSP_OFFSET = 0.09148, 2.152
"""NGSP (%) = 0.09148 · IFCC (mmol/mol) + 2.152.

The master equation as the NGSP gives it: http://www.ngsp.org/ifcc.asp.
"""


def check_substance(name: object) -> None:
    """Refuse a substance that is not known.

    Parameters
    ----------
    name : object
        What was given.

    Raises
    ------
    FeatureInputError
        If it is not one of `SUBSTANCES`, nor HbA1c.
    """
    known = (*SUBSTANCES, HBA1C)
    if not isinstance(name, str) or name not in known:
        raise FeatureInputError(f"substance is not known. Choose one of: {', '.join(known)}.")
