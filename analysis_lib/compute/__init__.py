"""Where the work runs: threads of this process for small jobs, a guarded Dask cluster for the rest."""

from analysis_lib.compute.buckets import items_at_once, map_buckets, mapping_place
from analysis_lib.compute.local import Cluster, cluster

__all__ = ["Cluster", "cluster", "items_at_once", "map_buckets", "mapping_place"]
