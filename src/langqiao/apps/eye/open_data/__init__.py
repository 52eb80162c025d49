"""Open data (开放数据): formats, dictionary and catalogue of what the apps made public (``kit.opendata``)."""
