"""What keeps a report from being executed, beside what every command may meet."""

from hub_config.errors import HubError

__all__ = ["SecretUnusableError"]


class SecretUnusableError(HubError):
    """A secret that the report names is not there, or could not be kept secret."""

    code = "REPORT-SECRET"
    exit_code = 117
