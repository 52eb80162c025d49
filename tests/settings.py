"""Settings of the test run: the product's own, with a data folder that goes away and quick password hashes."""

import os
import tempfile

_folder = tempfile.mkdtemp(prefix="langqiao-tests-")
os.environ["LANGQIAO_DATA_DIR"] = _folder
os.environ.pop("LANGQIAO_SENTENCE_MODEL", None)

from langqiao.web.settings import *  # noqa: E402, F403

if os.environ.get("LANGQIAO_TEST_DATABASE") == "file":
    # The server of browser tests answers in threads; in memory they would share one connection.
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(_folder, "test.sqlite3")}  # noqa: F405, PTH118

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
