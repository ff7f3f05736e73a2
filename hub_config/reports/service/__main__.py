"""Start the service: ``python -m hub_config.reports.service``, as ``cohorthub up`` does."""

import asyncio
import logging
import os
import signal
import sys

from hub_config.errors import HubError
from hub_config.reports.service.settings import ServiceSettings


async def serve(settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT; runs go on, and the next service hears of them from their runners.

    Parameters
    ----------
    settings : ServiceSettings
        What the environment said.
    """
    from hub_config.reports.service.app import make_service

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    service = make_service(settings)
    service.start()
    await stopping.wait()
    await service.stop()


def main() -> int:
    """Read the settings and serve.

    Returns
    -------
    int
        Exit code.
    """
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("hub_config").setLevel(logging.INFO)
    try:
        asyncio.run(serve(ServiceSettings.from_environment()))
    except HubError as refused:
        sys.stderr.write(f"error [{refused.code}]: {refused}\n")
        return refused.exit_code
    except OSError as refused:
        sys.stderr.write(f"error: the reports service cannot listen; {refused.strerror}. See what holds its port.\n")
        return 33
    return 0


if __name__ == "__main__":
    sys.exit(main())
