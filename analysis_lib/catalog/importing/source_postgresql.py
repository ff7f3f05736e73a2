"""A PostgreSQL server as a source."""
