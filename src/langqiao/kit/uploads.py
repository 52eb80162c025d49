"""A stop for giant uploads before the first byte is kept."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class Quota(FileUploadHandler):
    """Refuses a request far above ``UPLOAD_MAX_BYTES``; what is a little above gets the page's own words.

    Raises:
        RequestDataTooBig: answered with 413 (web/views.py) without reading on.
    """

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002
        META: Any,  # noqa: ARG002, N803  Django's name
        content_length: int,
        boundary: Any,  # noqa: ARG002
        encoding: Any = None,  # noqa: ARG002
    ) -> None:
        if content_length > 2 * int(settings.UPLOAD_MAX_BYTES):
            raise RequestDataTooBig("upload far above the limit")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers after this one make the file."""
