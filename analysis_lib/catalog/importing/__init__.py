"""Making a release: reading a source, setting its tables beside the model's, writing them, checking the rows."""

from analysis_lib.catalog.importing.omop import ImportResult, import_omop

__all__ = ["ImportResult", "import_omop"]
