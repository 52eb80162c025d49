"""Tables of the think tank (智库)."""

from langqiao.apps.insight.models.indicators import Indicator, Value
from langqiao.apps.insight.models.reports import REPORT_TRANSITIONS, SHOWN_REPORTS, Report, Section

__all__ = ["REPORT_TRANSITIONS", "SHOWN_REPORTS", "Indicator", "Report", "Section", "Value"]
