"""A large synthetic OMOP database: seeded, fast, and as untidy as asked for."""
