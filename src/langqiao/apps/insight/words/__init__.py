"""The ledger's verbs of the think tank (智库) in words."""

from langqiao.apps.insight.words import indicators, reports

VERBS = {**indicators.VERBS, **reports.VERBS}
