"""Units asked for by several threads at once, as buckets do, in a process that has not asked before."""

import subprocess
import sys

ASKING = """
import threading
from analysis_lib.features.units import conversion

found = []
start = threading.Barrier(4)

def ask():
    start.wait()
    found.append(conversion("mg/dL", to="umol/L", substance="creatinine"))

threads = [threading.Thread(target=ask) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print({round(each.factor, 2) if each else None for each in found})
"""


def test_the_first_question_may_come_from_several_threads() -> None:
    done = subprocess.run([sys.executable, "-c", ASKING], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "{88.4}", done.stderr
