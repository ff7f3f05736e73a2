"""Everything the platform raises on purpose.

A message says what is wrong, what was found and what to do, never with a person's value in it. `code` is stable and
`exit_code` is what the command line ends with; docs/reference/exit-codes.md lists both, and a test keeps it complete.
"""

from typing import ClassVar

__all__ = ["HubError", "MissingHalfError"]


class HubError(Exception):
    """Root of all errors that `hub_config` raises on purpose."""

    code: ClassVar[str] = "HUB"
    exit_code: ClassVar[int] = 30


class MissingHalfError(HubError):
    """A command needs packages that this environment was not given."""

    code = "HUB-MISSING-HALF"
    exit_code = 31
