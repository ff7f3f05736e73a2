"""The JSON API: each address is declared once, and what is declared checks requests, answers and documents them."""

from hub_config.reports.service.api.addresses import api_addresses
from hub_config.reports.service.api.kit import Kit
from hub_config.reports.service.api.openapi import openapi_document
from hub_config.reports.service.errors import ApiError

__all__ = ["ApiError", "Kit", "api_addresses", "openapi_document"]
