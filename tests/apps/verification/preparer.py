"""A process that publishes a call and drafts N applications to it; prints their keys."""

from __future__ import annotations

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
    django.setup()
    from tests.factories import verification as make

    call = make.make_call(promises=[])
    for _ in range(int(sys.argv[1])):
        print(make.make_application(call).pk)
