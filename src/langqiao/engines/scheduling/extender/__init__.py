"""An HTTP scheduler extender (调度扩展) for Kubernetes over the placement engine: it advises and records."""

from __future__ import annotations

from langqiao.engines.scheduling.extender.advice import Advisor, Agreement, Mode, agreement_of
from langqiao.engines.scheduling.extender.pods import Names, PodError, task_of
from langqiao.engines.scheduling.extender.server import serve

__all__ = ["Advisor", "Agreement", "Mode", "Names", "PodError", "agreement_of", "serve", "task_of"]
