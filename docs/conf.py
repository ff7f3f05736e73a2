"""How Sphinx builds these pages: offline, and with every warning an error (`./dev docs`)."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# The pages show what a newcomer's machine says, not what this one is set to.
os.environ.pop("COHORTHUB_HOME", None)

from reference_pages import write_reference_pages  # noqa: E402 - beside this file

project = "CohortHub"
author = "The CohortHub developers"
copyright = "The CohortHub developers"  # noqa: A001 - Sphinx's own name
release = version = installed_version("cohorthub")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
exclude_patterns = ["_build"]
suppress_warnings = ["toc.empty_glob"]  # a folder of pages may be empty
default_role = "literal"  # single backticks in docstrings are names
html_theme = "pydata_sphinx_theme"
html_title = f"CohortHub {release}"
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 6,
    "show_version_warning_banner": False,
}
html_show_sourcelink = False
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # numpydoc sections say the types, with units and shapes
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

write_reference_pages(HERE / "reference" / "generated")
