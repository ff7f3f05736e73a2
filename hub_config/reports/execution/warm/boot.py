"""Start the warm parent with the kernel's own interpreter, which may have nothing of the hub's environment.

Run by its path, as ``python boot.py CHANNEL STATUS MODULE...``. The packages above `parent` are stood in for by empty
ones, so that neither their dependencies are needed nor a copy of them in the kernel's environment; a kernel forgets
them before it begins.
"""

import sys
from types import ModuleType


def _stand_in_for_packages() -> None:
    # The script's own folder must not be a place for imports; it holds a module named `parent`.
    folder = sys.path.pop(0)
    names = ["hub_config", "reports", "execution", "warm"]
    for length in range(len(names), 0, -1):
        package = ModuleType(".".join(names[:length]))
        package.__path__ = [folder]
        sys.modules[package.__name__] = package
        folder = folder.rpartition("/")[0]


if __name__ == "__main__":
    _stand_in_for_packages()
    from hub_config.reports.execution.warm.parent import main

    main(sys.argv[1:])
