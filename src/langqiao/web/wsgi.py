"""WSGI entry point for gunicorn: ``langqiao.web.wsgi:application``."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
application = get_wsgi_application()

# Each process starts a follower; the first to take the lock keeps the index at the ledger's head.
if os.environ.get("LANGQIAO_FOLLOW", "1") != "0":
    from langqiao.apps.challenges.matching.follow import Follower

    Follower().start()
