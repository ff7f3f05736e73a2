"""What a report's kernel is told by its environment, and what is kept from it."""

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["kernel_environment"]

# The runner may hold the hub's tokens, mail passwords and keys; a notebook is code that others wrote.
SECRET = re.compile(
    r"^(JUPYTERHUB_|JPY_|CONFIGPROXY_|COHORTHUB_SECRET)|TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|APIKEY"
    r"|API_KEY|ACCESS_KEY|PRIVATE_KEY|AUTH_KEY|COOKIE",
    re.IGNORECASE,
)


def kernel_environment(given: Mapping[str, str], *, run_dir: Path, home: Path, scratch: Path) -> dict[str, str]:
    """Make the environment of a report's kernel.

    Parameters
    ----------
    given : mapping of str to str
        The runner's own environment.
    run_dir : Path
        Where the notebook's ``outputs.json`` and files go.
    home : Path
        The CohortHub home; data releases lie in its ``data/`` and cohort definitions in its ``cohorts/`` unless `given`
        says otherwise.
    scratch : Path
        A folder that is thrown away after the run.

    Returns
    -------
    dict of str to str
        `given` without anything whose name looks like a secret, and with the folders.
    """
    kept = {name: value for name, value in given.items() if SECRET.search(name) is None}
    kept["COHORTHUB_RUN_DIR"] = str(run_dir)
    kept["COHORTHUB_HOME"] = str(home)
    kept.setdefault("COHORTHUB_DATA", str(home / "data"))
    kept.setdefault("COHORTHUB_COHORTS", str(home / "cohorts"))
    # Set for programs without a screen, it would keep figures out of the notebook.
    kept.pop("MPLBACKEND", None)
    # What the notebook leaves in its temporary folder goes with the run, however the kernel ends.
    kept["TMPDIR"] = str(scratch / "tmp")
    # A person's own start-up files would make the report depend on who runs it.
    kept["IPYTHONDIR"] = str(scratch / "ipython")
    return kept
