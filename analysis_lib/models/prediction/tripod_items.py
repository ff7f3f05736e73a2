"""The items of TRIPOD+AI, under short titles of our own."""

from typing import NamedTuple

__all__ = ["ITEMS", "SOURCE", "TripodItem"]

SOURCE = (
    "Collins G. S. et al. (2024). TRIPOD+AI statement: updated guidance for reporting clinical prediction models that "
    "use regression or machine learning methods. BMJ 385, e078378"
)


class TripodItem(NamedTuple):
    """An item of the checklist.

    Attributes
    ----------
    number : str
        As in the statement.
    section : str
        Part of the paper.
    title : str
        What it asks for, in short.
    """

    number: str
    section: str
    title: str


ITEMS = (
    TripodItem("1", "Title", "Title"),
    TripodItem("2", "Abstract", "Abstract"),
    TripodItem("3a", "Introduction", "Healthcare context and rationale"),
    TripodItem("3b", "Introduction", "Target population and intended use"),
    TripodItem("3c", "Introduction", "Known health inequalities"),
    TripodItem("4", "Introduction", "Objectives"),
    TripodItem("5a", "Methods", "Sources of the data"),
    TripodItem("5b", "Methods", "Dates of the data"),
    TripodItem("6a", "Methods", "Study setting"),
    TripodItem("6b", "Methods", "Eligibility criteria"),
    TripodItem("6c", "Methods", "Treatments received"),
    TripodItem("7", "Methods", "Data preparation"),
    TripodItem("8a", "Methods", "Outcome and time horizon"),
    TripodItem("8b", "Methods", "Assessors of a subjective outcome"),
    TripodItem("8c", "Methods", "Blinding of the outcome assessment"),
    TripodItem("9a", "Methods", "Choice of the initial predictors"),
    TripodItem("9b", "Methods", "Definition of all predictors"),
    TripodItem("9c", "Methods", "Assessors of subjective predictors"),
    TripodItem("10", "Methods", "Sample size"),
    TripodItem("11", "Methods", "Missing data"),
    TripodItem("12a", "Methods", "Use of the data for development and evaluation"),
    TripodItem("12b", "Methods", "Handling of predictors in the analysis"),
    TripodItem("12c", "Methods", "Type of model, building steps, internal validation"),
    TripodItem("12d", "Methods", "Heterogeneity across clusters"),
    TripodItem("12e", "Methods", "Measures and plots of performance"),
    TripodItem("12f", "Methods", "Model updating"),
    TripodItem("12g", "Methods", "Calculation of predictions in the evaluation"),
    TripodItem("13", "Methods", "Class imbalance"),
    TripodItem("14", "Methods", "Fairness"),
    TripodItem("15", "Methods", "Output of the model"),
    TripodItem("16", "Methods", "Differences between development and evaluation data"),
    TripodItem("17", "Methods", "Ethical approval"),
    TripodItem("18a", "Open science", "Funding"),
    TripodItem("18b", "Open science", "Conflicts of interest"),
    TripodItem("18c", "Open science", "Protocol"),
    TripodItem("18d", "Open science", "Registration"),
    TripodItem("18e", "Open science", "Availability of the data"),
    TripodItem("18f", "Open science", "Availability of the code"),
    TripodItem("19", "Patient and public involvement", "Patient and public involvement"),
    TripodItem("20a", "Results", "Flow of participants"),
    TripodItem("20b", "Results", "Characteristics of participants"),
    TripodItem("20c", "Results", "Predictors in development and evaluation data"),
    TripodItem("21", "Results", "Participants and events in each analysis"),
    TripodItem("22", "Results", "Full specification of the model"),
    TripodItem("23a", "Results", "Performance with intervals, and in subgroups"),
    TripodItem("23b", "Results", "Heterogeneity of performance across clusters"),
    TripodItem("24", "Results", "Results of model updating"),
    TripodItem("25", "Discussion", "Interpretation, with fairness"),
    TripodItem("26", "Discussion", "Limitations"),
    TripodItem("27a", "Discussion", "Poor or unavailable input data in use"),
    TripodItem("27b", "Discussion", "Interaction with users, and their expertise"),
    TripodItem("27c", "Discussion", "Next steps for research"),
)
