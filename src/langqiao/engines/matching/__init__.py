"""The matching engine (匹配引擎): tokenise, index, fuse, explain.

The public names live in :mod:`.types` (what goes in and out), :mod:`.index`
(:class:`~langqiao.engines.matching.index.MatchingIndex`) and :mod:`.backend`.
They are not imported here, so that light users of :mod:`.tokenise` stay light.
"""
