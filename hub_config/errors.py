"""Everything the platform raises on purpose.

A message says what is wrong, what was found and what to do, never with a person's value in it. `code` is stable and
`exit_code` is what the command line ends with; docs/reference/exit-codes.md lists both, and a test keeps it complete.
"""

from typing import ClassVar

__all__ = [
    "AccountError",
    "AddressRefusedError",
    "AlreadyRunningError",
    "DemoDataError",
    "HomeCorruptError",
    "HomeInUseByOthersError",
    "HomeTooNewError",
    "HomeUnwritableError",
    "HubError",
    "KeepsDyingError",
    "MissingHalfError",
    "PortTakenError",
    "ReportsServiceSettingsError",
    "SettingsError",
    "StartFailedError",
]


class HubError(Exception):
    """Root of all errors that `hub_config` raises on purpose."""

    code: ClassVar[str] = "HUB"
    exit_code: ClassVar[int] = 30


class MissingHalfError(HubError):
    """A command needs packages that this environment was not given."""

    code = "HUB-MISSING-HALF"
    exit_code = 31


class AlreadyRunningError(HubError):
    """A hub already runs on this home."""

    code = "HUB-ALREADY-RUNNING"
    exit_code = 32


class PortTakenError(HubError):
    """Another program listens where the hub should."""

    code = "HUB-PORT-TAKEN"
    exit_code = 33


class HomeUnwritableError(HubError):
    """The home cannot be made, read or written."""

    code = "HOME-UNWRITABLE"
    exit_code = 34


class HomeTooNewError(HubError):
    """A newer version of CohortHub made this home."""

    code = "HOME-TOO-NEW"
    exit_code = 35


class HomeCorruptError(HubError):
    """A file that CohortHub wrote in the home cannot be understood any more."""

    code = "HOME-CORRUPT"
    exit_code = 36


class HomeInUseByOthersError(HubError):
    """The folder given as home holds other things."""

    code = "HOME-FOREIGN"
    exit_code = 37


class SettingsError(HubError):
    """The settings file says something that CohortHub cannot follow."""

    code = "SETTINGS-INVALID"
    exit_code = 38


class StartFailedError(HubError):
    """A part of the platform did not start or did not answer in time."""

    code = "HUB-START-FAILED"
    exit_code = 39


class KeepsDyingError(HubError):
    """A part of the platform ended again and again, so it was given up."""

    code = "HUB-KEEPS-DYING"
    exit_code = 40


class DemoDataError(HubError):
    """The demo data could not be imported."""

    code = "HUB-DEMO-DATA"
    exit_code = 41


class AddressRefusedError(HubError):
    """The address asked for would offer passwords to the network in the clear."""

    code = "HUB-ADDRESS-REFUSED"
    exit_code = 42


class AccountError(HubError):
    """An account cannot be made, found or changed as asked."""

    code = "HUB-ACCOUNT"
    exit_code = 43


class ReportsServiceSettingsError(HubError):
    """The reports service was started without what it needs, or on an address that is not safe."""

    code = "REPORTS-SERVICE-SETTINGS"
    exit_code = 65
