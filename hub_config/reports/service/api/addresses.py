"""The addresses of the API."""

import re
from typing import TYPE_CHECKING, Any

from hub_config.reports.service.api.handler import ApiAnswer, ApiHandler, DescriptionHandler
from hub_config.reports.service.api.metrics import MetricsHandler
from hub_config.reports.service.api.openapi import ENDPOINTS
from hub_config.reports.service.api.refusals import as_refusal

if TYPE_CHECKING:
    from hub_config.reports.service.api.endpoints import Endpoint

__all__ = ["api_addresses"]


class NoEndpointHandler(ApiAnswer):
    """Any other address below the API's root."""

    def prepare(self) -> None:
        """Say that there is nothing, whatever the method."""
        self.refuse(as_refusal(None, status=404))


def api_addresses(prefix: str) -> list[tuple[Any, ...]]:
    """Give tornado's rules.

    Parameters
    ----------
    prefix : str
        Where the service lies.

    Returns
    -------
    list of tuple
        One per address; more special ones stand before others.
    """
    root = f"{prefix}api/v1/"
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [
        (rf"{root}openapi\.json", DescriptionHandler),
        *(
            (root + _pattern(path), ApiHandler, {"endpoints": found, "names": tuple(re.findall(r"\{(\w+)\}", path))})
            for path, found in by_path.items()
        ),
        (rf"{prefix}metrics", MetricsHandler),
        (rf"{prefix}api(/.*)?", NoEndpointHandler),
    ]


def _pattern(path: str) -> str:
    parts = re.split(r"\{\w+\}", path)
    return "([^/]*)".join(re.escape(part) for part in parts)
