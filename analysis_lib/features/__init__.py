"""What is known of each person around the index date: covariates before it, outcomes after it."""

__all__: list[str] = []
