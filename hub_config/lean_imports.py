"""Run a module without an import that costs seconds and that nothing here uses.

jsonschema, when it finds ``rfc3987_syntax``, imports it to check internationalised resource identifiers, and that
package builds an Earley parser while it is imported: 1 to 2.4 s of processor time in every process that imports
jupyter_server, jupyterhub or nbformat, half of a personal server's start. No schema of theirs has such a field.

``python -m hub_config.lean_imports MODULE ARGUMENT...`` is ``python -m MODULE ARGUMENT...`` without it.
"""

import runpy
import sys

__all__ = ["leave_out_slow_imports"]


def leave_out_slow_imports() -> None:
    """Make this process's ``import rfc3987_syntax`` fail at once, for which jsonschema is prepared."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is how Python is told "not here"


if __name__ == "__main__":
    leave_out_slow_imports()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
