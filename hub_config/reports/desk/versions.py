"""What a definition is when somebody reads it, and whether it still is when they write over it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row

from hub_config.reports.desk.errors import DefinitionChangedError

__all__ = ["WHATEVER", "Condition", "saved_version"]


def saved_version(row: Row[Any]) -> str:
    """Name all that people have written of a definition.

    Parameters
    ----------
    row : Row
        The definition.

    Returns
    -------
    str
        32 hexadecimal digits. They change with the draft, with what is approved, with the notebook and the file of a
        sweep of either, and with a pause; not with the next time that it is due.
    """
    parts = (row.draft_sha256, row.draft_template_sha256, row.draft_sweep_sha256, row.document_sha256,
             row.template_sha256, row.sweep_sha256, bool(row.enabled))  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What must stand in the database for a change to be made; asked in the transaction that makes it.

    Parameters
    ----------
    versions : frozenset of str, optional
        It must be one of these, as `saved_version` names them.
    must_exist : bool, default False
        Whether there must be one, whichever.
    must_be_new : bool, default False
        Whether there must be none.
    """

    versions: frozenset[str] | None = None
    must_exist: bool = False
    must_be_new: bool = False

    def check(self, row: Row[Any] | None) -> None:
        """Refuse to change what is not as it was asked for.

        Parameters
        ----------
        row : Row or None
            What stands in the database now; None for nothing.

        Raises
        ------
        DefinitionChangedError
            If it is another one.
        """
        if row is None:
            if self.must_exist or self.versions is not None:
                raise DefinitionChangedError(
                    "There is no definition to be changed any more; found none of this name. "
                    "Write it without a version if it shall be there."
                )
            return
        if self.must_be_new:
            raise DefinitionChangedError(
                "A new definition was to be written; found one of this name. "
                "Choose another name, or read that one and write over the version that you have read."
            )
        if self.versions is not None and saved_version(row) not in self.versions:
            raise DefinitionChangedError(
                "The definition has changed since you read it; found another version. "
                "Read it again, see what has changed, and write over the version that you have read then."
            )


WHATEVER = Condition()
