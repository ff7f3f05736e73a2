"""Units and periods compared: funnel plots of wards, hospitals or doctors, and a share from month to month."""

from analysis_lib.models.rates.units.control_limits import control_limits
from analysis_lib.models.rates.units.funnel import unit_funnel
from analysis_lib.models.rates.units.funnel_result import UnitFunnel
from analysis_lib.models.rates.units.overdispersion import Overdispersion, measure_overdispersion
from analysis_lib.models.rates.units.periods import PeriodShares, shares_by_period

__all__ = [
    "Overdispersion",
    "PeriodShares",
    "UnitFunnel",
    "control_limits",
    "measure_overdispersion",
    "shares_by_period",
    "unit_funnel",
]
