"""廊桥 Langqiao: open software that runs a science-and-technology innovation corridor."""

__version__ = "0.1.0"
