"""A Jupyter server extension that gives Lab our style sheet, and with it the honest line about isolation.

Lab has no setting for a banner, and looks for ``custom.css`` only in the person's own configuration folder, where a
copy would grow old. Extensions load in the order of their names, so this one comes before ``jupyterlab``.
"""

from pathlib import Path
from typing import Any

__all__ = ["STYLE_FOLDER"]

STYLE_FOLDER = Path(__file__).parent / "server_config" / "custom"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hub_config.hub.lab_style"}]


def _load_jupyter_server_extension(server: Any) -> None:
    server.web_app.settings["static_custom_path"] = [str(STYLE_FOLDER)]
