"""The ledger's verbs of alliances (联盟) in words."""

from langqiao.apps.alliances.words import alliances, chains, parks

VERBS = {**alliances.VERBS, **chains.VERBS, **parks.VERBS}
