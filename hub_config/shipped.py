"""Where the notebooks that ship with CohortHub lie: inside the wheel, or beside the packages in a checkout."""

from pathlib import Path

__all__ = ["notebooks_dir"]


def notebooks_dir() -> Path:
    """Return the folder that holds `tutorials/`, `templates/` and `reports/`.

    Returns
    -------
    Path
        The copy inside the installed wheel when there is one, else the checkout's `notebooks/`.
    """
    package = Path(__file__).parent
    inside_wheel = package / "_notebooks"
    return inside_wheel if inside_wheel.is_dir() else package.parent / "notebooks"
