"""A process that submits the applications named, one by one; test_numbers.py starts several at once."""

from __future__ import annotations

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
    django.setup()
    from langqiao.apps.verification.domain.applications import submit_application
    from langqiao.apps.verification.models import Application

    for pk in sys.argv[1:]:
        application = Application.objects.get(pk=pk)
        submit_application(None, application)
        print(application.number)
