"""Quantum key distribution (量子密钥分发): link physics, networks, key pools, relay, allocation and plans.

Start with :func:`langqiao.engines.qkd.network.load` or ``nine_cities``, then
:func:`langqiao.engines.qkd.planning.plan`. Rates are in bits per second unless a name says otherwise; key is
counted in whole bits.
"""
