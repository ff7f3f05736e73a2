"""What every section of the settings is made of."""

from pydantic import BaseModel

__all__ = ["Section"]


class Section(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Base of every section: immutable, a typo is an error, no value is echoed."""
