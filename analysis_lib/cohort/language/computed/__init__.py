"""Measurements that stand in no table: computed where they are asked for, and asked like any other."""

from analysis_lib.cohort.language.computed.change import Change
from analysis_lib.cohort.language.computed.kidney import Egfr
from analysis_lib.cohort.language.computed.ratio import BodyMassIndex, Ratio
from analysis_lib.cohort.language.computed.slope import Slope

__all__ = ["BodyMassIndex", "Change", "Egfr", "Ratio", "Slope"]
