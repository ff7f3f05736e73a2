"""The data: what there is, where it came from, what is wrong with it, and how to read it.

``open_catalog()["gibleed"]`` opens the newest release of a data set; `import_omop` makes a release from an OMOP
database.
"""

from analysis_lib.catalog.buckets import bucket_of, bucket_sql
from analysis_lib.catalog.catalog import Catalog, open_catalog
from analysis_lib.catalog.dataset import Dataset
from analysis_lib.catalog.importing import ImportResult, import_omop
from analysis_lib.catalog.quality.findings import RULES, Finding, QualityReport
from analysis_lib.catalog.releases import check_release

__all__ = [
    "RULES",
    "Catalog",
    "Dataset",
    "Finding",
    "ImportResult",
    "QualityReport",
    "bucket_of",
    "bucket_sql",
    "check_release",
    "import_omop",
    "open_catalog",
]
