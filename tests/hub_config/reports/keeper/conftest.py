"""The keeper's tests sit at the same desk."""

from ..desk.conftest import bench

__all__ = ["bench"]
