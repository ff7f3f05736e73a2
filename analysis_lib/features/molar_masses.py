"""What a conversion must know of a substance, because the unit alone does not say it.

Molar masses are computed from the standard atomic weights of 2021 [1]_ (conventional or abridged values: H 1.008,
C 12.011, N 14.007, O 15.999, P 30.974, Na 22.990, Mg 24.305, Cl 35.45, K 39.098, Ca 40.078) and the formula given
beside each. Cholesterol stands for itself, so total, LDL and HDL cholesterol share it; triglycerides are counted as
triolein, as laboratories do. Urea nitrogen is the two nitrogens of urea: 1 mg/dL of it is 0.357 mmol/L of urea.
Haemoglobin is the monomer, one haem, as in the SI unit of the IFCC and IUPAC [2]_.

References
----------
.. [1] Prohaska T. et al. (2022). Standard atomic weights of the elements 2021 (IUPAC Technical Report). Pure Appl.
   Chem. 94(5), 573-600.
.. [2] Kratz A. et al. (2004). Laboratory reference values. N. Engl. J. Med. 351, 1548-1563.
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
    "albumin": Substance(66_438.0, "mature human serum albumin, 585 residues"),
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

Hoelzel W. et al. (2004). IFCC reference system for measurement of hemoglobin A1c in human blood and the national
standardization schemes in the United States, Japan, and Sweden: a method-comparison study. Clin. Chem. 50(1), 166-174;
with the IFCC unit in mmol/mol as agreed in Hanas R., John G. (2010). Clin. Chem. 56(8), 1362-1364.
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
