"""The rate of a link by method (分方法成码率): what other protocols would yield on the same fibre.

Only what was measured is a measurement. Plans use the rate of the link itself (``queries.network.rate_of``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.models import Link
from langqiao.apps.quantum.queries.network import equipment
from langqiao.engines.qkd.network.lookup import find_link
from langqiao.engines.qkd.physics import decoy_rate, finite_key, named, twin_rate
from langqiao.engines.qkd.types import Block, LinkKey, Network, Parameters
from langqiao.engines.qkd.types import Link as EngineLink

BLOCK = Block(pulses=1e11)
TWIN = "illustration-twin"


@dataclass(frozen=True, slots=True)
class MethodRate:
    """One method on one link.

    Attributes:
        method: in words.
        bps: key in bits a second, of the slowest span times the systems.
        per_pulse: key in bits a pulse of one system; None where it was measured.
        assumes: what was put in.
        is_planned: whether plans count with it.
        is_assumed: whether it rests on illustrative equipment; False for a measurement.
    """

    method: Any
    bps: float
    per_pulse: float | None
    assumes: Any
    is_planned: bool = False
    is_assumed: bool = True


def rates_of(link: Link) -> list[MethodRate]:
    """A link by method; what was measured stands first."""
    spans = (link.fibre_km / link.spans,) * link.spans
    rows = list(_rates(spans, equipment()[link.equipment], link.systems, planned=link.measured_bps is None))
    if link.measured_bps is not None:
        words = _("登记的实测值")
        rows.insert(
            0, MethodRate(_("实测"), link.measured_bps, None, words, is_planned=True, is_assumed=False)
        )
    return rows


def rates_at(network: Network, key: LinkKey) -> list[MethodRate]:
    """A link of a what-if by method; nothing where its rate was measured, because its spans are not known."""
    found: EngineLink | None = find_link(network, *key)
    if found is None or not found.spans:
        return []
    parameters = next(one for one in network.equipment if one.name == found.equipment)
    return list(_rates(tuple(span.km for span in found.spans), parameters, found.systems, planned=True))


def _rates(
    spans: tuple[float, ...], parameters: Parameters, systems: int, *, planned: bool
) -> Iterator[MethodRate]:
    longest = max(spans)
    pulses = parameters.clock_hz * systems
    decoy = decoy_rate(parameters, longest)
    clock = f"{parameters.clock_hz / 1e6:g} MHz"
    yield MethodRate(
        _("诱骗态 BB84（真空 + 弱诱骗态）"),
        decoy.rate_vacuum_weak * pulses,
        decoy.rate_vacuum_weak,
        _("密钥无限长；重复频率 %(clock)s") % {"clock": clock},
        is_planned=planned,
    )
    yield MethodRate(
        _("诱骗态 BB84（渐近上限）"),
        decoy.rate_asymptotic * pulses,
        decoy.rate_asymptotic,
        _("密钥无限长、诱骗态无限多；重复频率 %(clock)s") % {"clock": clock},
    )
    finite = finite_key(parameters, longest, BLOCK)
    seconds = BLOCK.pulses / parameters.clock_hz
    yield MethodRate(
        _("诱骗态 BB84（有限码长）"),
        finite.rate * pulses,
        finite.rate,
        _(
            "每块 10¹¹ 个脉冲（约 %(seconds)s 秒），信号、弱诱骗、真空各占 70%%、20%%、10%%，成码基矢占 90%%"
            "（前两行两种基矢各半，所以这里可以更高），安全失败概率 10⁻¹⁰"
        )
        % {"seconds": f"{seconds:,.0f}"},
    )
    twin = named(TWIN)
    clock = f"{twin.clock_hz / 1e9:g} GHz"
    each = twin_rate(twin, longest)
    yield MethodRate(
        _("双场（相位匹配）"),
        each.rate * twin.clock_hz * systems,
        each.rate,
        _("另一组设备：重复频率 %(clock)s，探测效率 50%%，每段中间一处不必可信的测量站") % {"clock": clock},
    )
    if len(spans) > 1:
        whole = twin_rate(twin, sum(spans))
        yield MethodRate(
            _("双场（整段光纤，不设可信中继）"),
            whole.rate * twin.clock_hz * systems,
            whole.rate,
            _("同上，%(km)s km 光纤只在中间设一处不必可信的测量站") % {"km": f"{sum(spans):,.0f}"},
        )
