"""A process that drafts N challenges one by one; test_cases.py starts several at once."""

from __future__ import annotations

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
    django.setup()
    from langqiao.apps.challenges import domain

    name, count = sys.argv[1], int(sys.argv[2])
    for i in range(count):
        print(domain.draft_challenge(None, organisation=None, title="同时起草", code=f"{name}-{i}").case)
