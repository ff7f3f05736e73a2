"""What can be wrong with a notice."""

from hub_config.errors import HubError

__all__ = ["NoticeError"]


class NoticeError(HubError):
    """A notice would say something that a notice must not."""

    code = "NOTICE-INVALID"
    exit_code = 108
