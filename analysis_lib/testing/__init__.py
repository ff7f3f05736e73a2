"""People who never lived: synthetic OMOP data, and a second, slow reading of cohort definitions to compare with."""

__all__: list[str] = []
