"""廊桥 Langqiao: open software that runs a science-and-technology innovation corridor."""
