"""Rates and proportions: events over person-time, standardised and compared."""

from analysis_lib.models.rates.direct_standardisation import standardised_rates
from analysis_lib.models.rates.incidence import IncidenceRates, incidence_rate, incidence_rates
from analysis_lib.models.rates.indirect_standardisation import standardised_ratios
from analysis_lib.models.rates.mantel_haenszel import mantel_haenszel
from analysis_lib.models.rates.multiple_testing import adjust_p_values
from analysis_lib.models.rates.person_time import split_follow_up
from analysis_lib.models.rates.proportions import prevalence
from analysis_lib.models.rates.rate_comparison import compare_rates
from analysis_lib.models.rates.risk_comparison import compare_risks
from analysis_lib.models.rates.standard_populations import standard_population

__all__ = [
    "IncidenceRates",
    "adjust_p_values",
    "compare_rates",
    "compare_risks",
    "incidence_rate",
    "incidence_rates",
    "mantel_haenszel",
    "prevalence",
    "split_follow_up",
    "standard_population",
    "standardised_rates",
    "standardised_ratios",
]
