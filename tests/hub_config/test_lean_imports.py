"""Processes start without the import that costs seconds."""

import subprocess
import sys


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120, check=False)


def test_the_slow_import_is_left_out_and_jsonschema_still_checks() -> None:
    code = (
        "from hub_config.lean_imports import leave_out_slow_imports; leave_out_slow_imports();"
        "import sys, jsonschema;"
        "checker = jsonschema.FormatChecker();"
        "assert sys.modules['rfc3987_syntax'] is None;"
        "assert checker.conforms('https://example.org/', 'uri') and not checker.conforms('not one', 'uri')"
    )
    done = run("-c", code)
    assert done.returncode == 0, done.stderr


def test_a_module_is_run_with_its_own_arguments() -> None:
    done = run("-m", "hub_config.lean_imports", "jupyterhub.singleuser", "--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()[:1].isdigit()
    assert run("-m", "hub_config.lean_imports", "platform").stdout == run("-m", "platform").stdout
