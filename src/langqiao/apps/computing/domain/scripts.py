"""Batch scripts (批处理脚本) of jobs that a cluster runs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.models import Campus
from langqiao.engines.scheduling.slurm.request import DIRECTIVE
from langqiao.kit.refusals import Invalid

SCRIPT_AT_MOST = 100_000


def clean_script(campus: Campus, given: Any) -> str:
    """The batch script of a job, with plain line ends.

    Raises:
        Invalid: it is no text, too long, does not begin with ``#!``, would change what was asked for, or is
            missing on a campus whose jobs a cluster runs.
    """
    if not isinstance(given, str) or "\0" in given or len(given) > SCRIPT_AT_MOST:
        raise Invalid(_("脚本须为文本，最多 %(limit)s 个字符。") % {"limit": SCRIPT_AT_MOST}, field="script")
    script = "\n".join(given.strip().splitlines())
    if not script and campus.runner == Campus.Runner.SLURM:
        raise Invalid(
            _("本园区的作业由 Slurm 集群执行，须有批处理脚本。"),
            mend=_("请填写首行为 #! 的脚本。"),
            field="script",
        )
    if script and not script.startswith("#!"):
        raise Invalid(_("脚本首行须为 #! 与解释器。"), mend=_("例如 #!/bin/sh。"), field="script")
    if DIRECTIVE.search(script):
        raise Invalid(
            _("脚本中不能有 #SBATCH、#PBS 或 #BSUB 行：资源以作业的要求为准。"),
            mend=_("请删去这些行。"),
            field="script",
        )
    return f"{script}\n" if script else ""
