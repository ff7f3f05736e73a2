"""Circe, OHDSI's cohort definitions, as DuckDB SQL per person bucket."""
