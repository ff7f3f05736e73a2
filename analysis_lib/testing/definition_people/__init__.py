"""People made for given cohort definitions: some qualify, some miss by one rule, some are noise."""
