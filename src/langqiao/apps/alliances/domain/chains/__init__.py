"""Verbs of industry chains (产业链): load a data set or an own table, judge links."""

from langqiao.apps.alliances.domain.chains.links import confirm_link, reject_link
from langqiao.apps.alliances.domain.chains.loading import Loaded, Origin, load_chain, load_folder
from langqiao.apps.alliances.domain.chains.own import TableReport, load_table, read_rows, take

__all__ = [
    "Loaded",
    "Origin",
    "TableReport",
    "confirm_link",
    "load_chain",
    "load_folder",
    "load_table",
    "read_rows",
    "reject_link",
    "take",
]
