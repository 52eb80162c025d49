"""Open data (开放数据): apps register what is public, the Eye publishes it."""

from langqiao.kit.opendata.common import CITY, CODE, FIELD, FIELDS, ID, SOURCED
from langqiao.kit.opendata.datasets import (
    TYPES,
    Column,
    Dataset,
    Distribution,
    dataset,
    datasets,
    publish,
)
from langqiao.kit.opendata.graphs import Edge, Node, graphml, jsonld

__all__ = [
    "CITY",
    "CODE",
    "FIELD",
    "FIELDS",
    "ID",
    "SOURCED",
    "TYPES",
    "Column",
    "Dataset",
    "Distribution",
    "Edge",
    "Node",
    "dataset",
    "datasets",
    "graphml",
    "jsonld",
    "publish",
]
