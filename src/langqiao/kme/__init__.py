"""The key management entity (密钥管理实体, KME): an aiohttp service of its own, without Django.

It speaks ETSI GS QKD 014 V1.1.1 to applications (SAEs) and, between KMEs, messages after the shape of the
ETSI GS QKD 020 draft. See docs/kme.md.
"""
