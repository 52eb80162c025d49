"""Settings: safe by default, changed only through the environment (docs/operations.md lists the names)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from langqiao.web.logs import configuration

PACKAGE = Path(__file__).resolve().parents[1]
DATA_DIR = Path(os.environ.get("LANGQIAO_DATA_DIR", "var")).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
DEBUG = os.environ.get("LANGQIAO_DEBUG", "") == "1"


def _secret_key() -> str:
    """The key from the environment, or one made once and kept readable by its owner alone."""
    if key := os.environ.get("LANGQIAO_SECRET_KEY"):
        return key
    path = DATA_DIR / "secret_key"
    try:
        # O_EXCL: of two processes that start at once, one makes the key and the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = os.environ.get("LANGQIAO_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("LANGQIAO_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "langqiao.apps.accounts",
    "langqiao.apps.ledger",
    "langqiao.apps.registry",
    "langqiao.apps.challenges",
    "langqiao.apps.verification",
    "langqiao.apps.conference",
    "langqiao.apps.computing",
    "langqiao.apps.quantum",
    "langqiao.apps.alliances",
    "langqiao.apps.insight",
    "langqiao.apps.eye",
    "langqiao.web",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.weixin",
    "allauth.socialaccount.providers.dingtalk",
    "allauth.socialaccount.providers.feishu",
    "allauth.socialaccount.providers.saml",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "ninja",
    "rules",
]
MIDDLEWARE = [
    "langqiao.web.middleware.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "langqiao.web.middleware.PersonLanguageMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "langqiao.web.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "langqiao.web.urls"
WSGI_APPLICATION = "langqiao.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "langqiao.web.context.frame",
            ],
        },
    }
]

DATABASES = {"default": dj_database_url.config(default=f"sqlite:///{DATA_DIR / 'langqiao.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # WAL lets readers read while one writes; IMMEDIATE makes writers queue instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "work"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none" if DEBUG else os.environ.get("LANGQIAO_EMAIL_VERIFICATION", "optional")
ACCOUNT_LOGOUT_ON_GET = False
# Providers are configured in the admin (client ids and secrets in the database), not in code.
SOCIALACCOUNT_ONLY = False
AXES_FAILURE_LIMIT = 8
AXES_USERNAME_CALLABLE = "langqiao.web.signin.typed_name"
AXES_LOCKOUT_TEMPLATE = "lockout.html"
AXES_COOLOFF_TIME = 0.25  # hours
AXES_CLIENT_IP_CALLABLE = "langqiao.kit.throttle.address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
EMAIL_BACKEND = os.environ.get("LANGQIAO_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

OTP_ADMIN_HIDE_SENSITIVE_DATA = True  # the admin shows no secrets of anybody's second factor

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a missing folder
STATICFILES_DIRS = [PACKAGE / "web" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "media"  # served only through views that check the rules
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "langqiao.kit.uploads.Quota",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "langqiao.web.views.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Behind TLS (LANGQIAO_HTTPS=1) cookies travel only over TLS; plain http is for the demo on localhost.
HTTPS = os.environ.get("LANGQIAO_HTTPS", "") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
if HTTPS:
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "style-src": [SELF, "'unsafe-inline'"],
        "script-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# The corridor's own configuration: cities and fields in one TOML file (docs/cities.md).
CORRIDOR_FILE = Path(
    os.environ.get("LANGQIAO_CORRIDOR", PACKAGE / "apps" / "registry" / "corridors" / "g60.toml")
)
INDEX_DIR = DATA_DIR / "index"
# Optional sentence model for matches across languages, such as "use-multilingual" (docs/engines/matching.md).
SENTENCE_MODEL = os.environ.get("LANGQIAO_SENTENCE_MODEL", "")
# Costly requests a minute of one person or, signed out, of one address; 0 lifts the bound.
PER_MINUTE = {
    "match": int(os.environ.get("LANGQIAO_MATCHES_PER_MINUTE", "120")),
    "search": int(os.environ.get("LANGQIAO_SEARCHES_PER_MINUTE", "600")),
    "download": int(os.environ.get("LANGQIAO_DOWNLOADS_PER_MINUTE", "300")),
}
# Licence and publisher of the open data; empty publisher: the corridor by its own name.
OPEN_DATA_LICENCE = os.environ.get(
    "LANGQIAO_OPEN_DATA_LICENCE", "https://creativecommons.org/licenses/by/4.0/"
)
OPEN_DATA_PUBLISHER = os.environ.get("LANGQIAO_OPEN_DATA_PUBLISHER", "")

# Real boundaries on the Eye's map: a GeoJSON file and the approval number (审图号) that must stand beside it.
MAP_BOUNDARIES = os.environ.get("LANGQIAO_MAP_BOUNDARIES", "")
MAP_APPROVAL = os.environ.get("LANGQIAO_MAP_APPROVAL", "")
UPLOAD_MAX_BYTES = 20 * 1024 * 1024
NINJA_PAGINATION_PER_PAGE = 50
NINJA_PAGINATION_MAX_LIMIT = 500
LOGGING = configuration(
    level=os.environ.get("LANGQIAO_LOG_LEVEL", "WARNING"),
    as_json=os.environ.get("LANGQIAO_LOG_FORMAT", "") == "json",
)
SILENCED_SYSTEM_CHECKS = [] if not DEBUG else ["security.W018"]
