"""One list for every subject: filters that live in the address, search, sort, page, export, rows that open.

An app describes a list (:class:`Listing` with :class:`Column` and :class:`Filter`) and mounts
``list_view(MyListing)``; ``/path/?q=…&city=suzhou&sort=-date&page=2&export=xlsx`` does the rest.
"""

from __future__ import annotations

from langqiao.kit.listing.parts import Badge, Column, Empty, Filter
from langqiao.kit.listing.state import Listing
from langqiao.kit.listing.view import list_view

__all__ = ["Badge", "Column", "Empty", "Filter", "Listing", "list_view"]
