"""`cohorthub report ...` as a runner's fork would execute it: with a warm parent to ask for kernels.

python report_command.py CHANNEL PYTHON WORD...
"""

import functools
import socket
import sys

from hub_config.reports.execution import supervisor
from hub_config.reports.execution.warm.asking import WarmParent

if __name__ == "__main__":
    channel, python, *sys.argv[1:] = sys.argv[1:]
    warm = WarmParent(python, socket.socket(fileno=int(channel)))
    warm.channel.set_inheritable(False)
    supervisor.run_report = functools.partial(supervisor.run_report, warm=warm)
    from hub_config.cli import main

    main()
