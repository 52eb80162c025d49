#!/usr/bin/env bash
# Collect the interface's texts into the English catalogue. Needs the GNU gettext tools.
set -euo pipefail
cd "$(dirname "$0")/../src/langqiao"
LANGQIAO_DATA_DIR="$(mktemp -d)" python -m django makemessages -l en --no-location --no-wrap \
  --settings langqiao.web.settings
# The date of collection would make every run a change.
sed -i '/^"POT-Creation-Date/d' locale/en/LC_MESSAGES/django.po
