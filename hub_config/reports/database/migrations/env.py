"""alembic looks for this file; `migrating.py` sets the environment up itself, so there is nothing to do here."""
