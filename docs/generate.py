"""Write the reference pages that are made from code: `python docs/generate.py [--check]`.

`exit-codes.md` is kept in the repository, because operators look it up without building anything; `--check` says
whether it is up to date. The pages on the command line and the library are made when the documentation is built.
"""

import difflib
import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import analysis_lib.errors
import hub_config.errors

EXIT_CODES = Path(__file__).resolve().parent / "reference" / "exit-codes.md"

HEAD = """\
# Exit codes

<!-- Made by docs/generate.py from the error classes; change those, then run: ./dev generate -->

Every failure that CohortHub knows has a stable code, which `--json` prints as `error.code`, and an exit code.

| exit | code | what it means | class |
|---|---|---|---|
| 0 | | Done. | |
| 1 | | The check said no: something that was looked at is not as it should be. | |
| 2 | `USAGE` | The command line was misused: an unknown word, option or value. | |
"""

TAIL = """\
| 70 | `INTERNAL` | A fault of CohortHub. The details are in a private file whose name is printed. | |
| 130 | | Interrupted with Ctrl-C. | |
"""


def error_classes(module: ModuleType) -> list[type[Exception]]:
    """List the public error classes that `module` defines, by exit code."""
    found = [getattr(module, name) for name in module.__all__]
    # No command ends with a warning; what an error carries may stand beside it.
    found = [error for error in found if issubclass(error, Exception) and not issubclass(error, Warning)]
    return sorted(found, key=lambda error: (error.exit_code, error.code))


def hub_modules() -> list[ModuleType]:
    """Import every module of the platform that is called ``errors``: the common one, then those of rooms."""
    found = pkgutil.walk_packages(hub_config.__path__, "hub_config.")
    names = sorted(one.name for one in found if one.name.endswith(".errors"))
    return [importlib.import_module(name) for name in sorted(names, key=lambda name: name.count("."))]


def exit_codes() -> str:
    """Return the whole page."""
    rows = []
    for error in (*error_classes(analysis_lib.errors), *(one for room in hub_modules() for one in error_classes(room))):
        meaning = (inspect.getdoc(error) or "").splitlines()[0]
        rows.append(f"| {error.exit_code} | `{error.code}` | {meaning} | `{error.__module__}.{error.__name__}` |\n")
    return HEAD + "".join(rows) + TAIL


def main(words: list[str]) -> int:
    """Write the page, or with ``--check`` show how it differs."""
    page = exit_codes()
    there = EXIT_CODES.read_text(encoding="utf-8") if EXIT_CODES.exists() else ""
    if words == ["--check"]:
        if page == there:
            return 0
        sys.stdout.writelines(
            difflib.unified_diff(there.splitlines(keepends=True), page.splitlines(keepends=True), "kept", "made")
        )
        print("docs/reference/exit-codes.md is out of date. Run: ./dev generate")
        return 1
    EXIT_CODES.parent.mkdir(exist_ok=True)
    EXIT_CODES.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
