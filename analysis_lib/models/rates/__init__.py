"""Rates and proportions: events over person-time, standardised and compared."""

from analysis_lib.models.rates.incidence import IncidenceRate, IncidenceRates, incidence_rate, incidence_rates

__all__ = ["IncidenceRate", "IncidenceRates", "incidence_rate", "incidence_rates"]
