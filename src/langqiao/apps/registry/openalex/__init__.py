"""OpenAlex works and institutions into the registry, through its public API.

Source of the format: developers.openalex.org (works, institutions, page through results,
authentication, errors), read November 2026.
"""

from langqiao.apps.registry.openalex.client import OpenAlex, Page, Query
from langqiao.apps.registry.openalex.run import OpenAlexReport, import_openalex

__all__ = ["OpenAlex", "OpenAlexReport", "Page", "Query", "import_openalex"]
