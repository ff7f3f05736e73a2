"""What `python -m jupyterhub -f` reads: load, apply, end."""

import os
from pathlib import Path

from hub_config.hub.configure import apply_hub

apply_hub(Path(os.environ["COHORTHUB_HOME"]), get_config())  # type: ignore[name-defined]  # noqa: F821 - traitlets' own
