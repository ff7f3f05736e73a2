"""Everything the platform raises on purpose.

A message says what is wrong, what was found and what to do, never with a person's value in it. `code` is stable and
`exit_code` is what the command line ends with; docs/reference/exit-codes.md lists both, and a test keeps it complete.
"""

from typing import ClassVar

__all__ = [
    "AccountError",
    "AddressRefusedError",
    "AlreadyRunningError",
    "CellFailedError",
    "DemoDataError",
    "DiskFullError",
    "HomeCorruptError",
    "HomeInUseByOthersError",
    "HomeTooNewError",
    "HomeUnwritableError",
    "HubError",
    "KeepsDyingError",
    "KernelDiedError",
    "KernelMissingError",
    "MissingHalfError",
    "ParameterNameError",
    "ParameterValueError",
    "ParametersCellError",
    "ParametersFileError",
    "PortTakenError",
    "ReportsServiceSettingsError",
    "RunCancelledError",
    "RunFolderError",
    "RunIdError",
    "RunInterruptedError",
    "RunNotFoundError",
    "RunTimedOutError",
    "RunnerDiedError",
    "SecretLeakedError",
    "SettingsError",
    "StartFailedError",
    "TemplateNotFoundError",
    "TemplateUnreadableError",
    "TooMuchOutputError",
    "UnknownParameterError",
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


class TemplateNotFoundError(HubError):
    """No report template has this name or path."""

    code = "REPORT-TEMPLATE-NOT-FOUND"
    exit_code = 50


class TemplateUnreadableError(HubError):
    """The file is no notebook that this version can read."""

    code = "REPORT-TEMPLATE-UNREADABLE"
    exit_code = 51


class ParametersCellError(HubError):
    """The template's parameters cell is missing, doubled, or holds more than typed literals."""

    code = "REPORT-PARAMETERS-CELL"
    exit_code = 52


class UnknownParameterError(HubError):
    """A parameter was given that the template does not declare."""

    code = "REPORT-UNKNOWN-PARAMETER"
    exit_code = 53


class ParameterNameError(HubError):
    """What was given as a parameter's name cannot be one, or was given twice."""

    code = "REPORT-PARAMETER-NAME"
    exit_code = 54


class ParameterValueError(HubError):
    """A parameter's value is not of the declared type."""

    code = "REPORT-PARAMETER-VALUE"
    exit_code = 55


class ParametersFileError(HubError):
    """The file of parameters cannot be read, or is more than names and values."""

    code = "REPORT-PARAMETERS-FILE"
    exit_code = 56


class KernelMissingError(HubError):
    """The kernel that the template names is not installed, or cannot be started."""

    code = "REPORT-KERNEL-MISSING"
    exit_code = 57


class RunFolderError(HubError):
    """The folder for the run cannot be made or written."""

    code = "REPORT-RUN-FOLDER"
    exit_code = 58


class RunIdError(HubError):
    """The run id has characters that are not safe in a path, or is taken."""

    code = "REPORT-RUN-ID"
    exit_code = 59


class CellFailedError(HubError):
    """A cell of the report raised an error or ended with a status other than 0."""

    code = "REPORT-CELL-FAILED"
    exit_code = 60


class KernelDiedError(HubError):
    """The report's kernel did not start, or was killed."""

    code = "REPORT-KERNEL-DIED"
    exit_code = 61


class RunTimedOutError(HubError):
    """A cell, or the whole run, took longer than its limit."""

    code = "REPORT-TIMED-OUT"
    exit_code = 62


class RunCancelledError(HubError):
    """Somebody stopped the run."""

    code = "REPORT-CANCELLED"
    exit_code = 63


class DiskFullError(HubError):
    """The run folder could not be written to its end."""

    code = "REPORT-DISK-FULL"
    exit_code = 64


class RunnerDiedError(HubError):
    """The process that executes the report ended before the report did."""

    code = "REPORT-RUNNER-DIED"
    exit_code = 66


class RunInterruptedError(HubError):
    """A run was found whose runner is gone: killed, or the machine went down."""

    code = "REPORT-INTERRUPTED"
    exit_code = 67


class RunNotFoundError(HubError):
    """No run has this id."""

    code = "REPORT-RUN-NOT-FOUND"
    exit_code = 68


class TooMuchOutputError(HubError):
    """A report printed or drew more than a page can hold."""

    code = "REPORT-TOO-MUCH-OUTPUT"
    exit_code = 69


class SecretLeakedError(HubError):
    """The report wrote a secret into a file; the file was taken out."""

    code = "REPORT-SECRET-LEAKED"
    exit_code = 118


class ReportsServiceSettingsError(HubError):
    """The reports service was started without what it needs, or on an address that is not safe."""

    code = "REPORTS-SERVICE-SETTINGS"
    exit_code = 65
