"""Open data (开放数据): apps register what is public, the Eye publishes it."""

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
