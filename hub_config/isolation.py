"""What this hub does and does not keep apart, in words for the people who use it."""

import os

__all__ = ["isolation_notice"]


def isolation_notice() -> str:
    """Say honestly how far people are kept apart.

    Returns
    -------
    str
        One or two sentences for the terminal and the pages.
    """
    shared = (
        "All users of this hub share one system account: there is no isolation between them, and each can read the "
        "others' files. Use it for demonstration and public data only."
    )
    if os.geteuid() == 0:
        return f"{shared} It runs as root, so every user has full control of this machine."
    return shared
