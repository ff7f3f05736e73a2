"""People who never lived: synthetic OMOP data, and a second, slow reading of cohort definitions to compare with."""

from analysis_lib.testing.definition_people.writing import DefinitionPeople, PlannedPerson, people_for_definitions

__all__ = ["DefinitionPeople", "PlannedPerson", "people_for_definitions"]
