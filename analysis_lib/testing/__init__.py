"""People who never lived: synthetic OMOP data, and a second, slow reading of cohort definitions to compare with."""

from analysis_lib.testing.definition_people.writing import DefinitionPeople, PlannedPerson, people_for_definitions
from analysis_lib.testing.synthetic.generating import SyntheticData, synthetic_omop
from analysis_lib.testing.synthetic.mess import Mess

__all__ = [
    "DefinitionPeople",
    "Mess",
    "PlannedPerson",
    "SyntheticData",
    "people_for_definitions",
    "synthetic_omop",
]
