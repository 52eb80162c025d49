"""The REST API (开放接口): one OpenAPI document, tokens or the session, the same rules as the pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.docs import Swagger

from langqiao import __version__
from langqiao.kit.api import allow_anyone, bearer_or_session
from langqiao.kit.refusals import Refused, TooMany
from langqiao.web.openapi import Api, CleanParser

api = Api(
    title="廊桥 Langqiao",
    version=__version__,
    urls_namespace="api-v1",
    description=(
        "一题四配、名录、台账。无令牌可读公开内容；写入须带可写令牌 "
        "(`Authorization: Bearer lq_…`) 或登录会话。\n\n"
        "Public content needs no token; writing needs a token that may write, or a signed-in session."
    ),
    auth=[bearer_or_session, allow_anyone],
    parser=CleanParser(),
    docs_url="/docs",
    docs=Swagger(settings={"persistAuthorization": False, "tryItOutEnabled": True}),
)


def _error(
    request: HttpRequest, status: int, why: object, *, mend: object = "", field: str = ""
) -> HttpResponse:
    body = {"error": {"why": str(why), "mend": str(mend), "field": field}}
    return api.create_response(request, body, status=status)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    response = _error(request, refusal.status, refusal.why, mend=refusal.mend, field=refusal.field)
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.retry_after)
    return response


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, _fault: AuthenticationError) -> HttpResponse:
    response = _error(
        request,
        401,
        _("令牌无效、已到期或已吊销。"),
        mend=_("请在“接口令牌”页面签发新的令牌。"),
    )
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    first: dict[str, Any] = fault.errors[0] if fault.errors else {}
    field = ".".join(str(step) for step in first.get("loc", ())[1:])
    why = _("参数 %(field)s 有误：%(fault)s") % {"field": field, "fault": first.get("msg", "")}
    return _error(request, 422, why, mend=_("请对照接口文档改正。"), field=field)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, _fault: Http404) -> HttpResponse:
    return _error(request, 404, _("没有这条记录，或者您不能查看。"))


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, _fault: PermissionDenied) -> HttpResponse:
    return _error(request, 403, _("您不能这样做。"))


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, _fault: RequestDataTooBig) -> HttpResponse:
    """More than the server reads at once."""
    most = int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) // (1024 * 1024)
    return _error(
        request, 413, _("内容过大，最多 %(most)d MB。") % {"most": most}, mend=_("请拆分后分次提交。")
    )


def unreadable(request: HttpRequest) -> HttpResponse:
    """A request that makes no sense."""
    return _error(
        request, 400, _("读不懂请求的内容。"), mend=_("请以 UTF-8 编码的 JSON 提交，不要含空字符。")
    )


@api.exception_handler(HttpError)
def _http(request: HttpRequest, fault: HttpError) -> HttpResponse:
    return (
        unreadable(request) if fault.status_code == 400 else _error(request, fault.status_code, fault.message)
    )


def missing(request: HttpRequest) -> HttpResponse:
    """An address below the API that is none of its own."""
    return _error(request, 404, _("没有这个接口地址。"), mend=_("请对照接口文档改正。"))


api.add_router("/", "langqiao.apps.accounts.api.router")
api.add_router("/ledger", "langqiao.apps.ledger.api.router")
api.add_router("/", "langqiao.apps.registry.api.router")
api.add_router("/", "langqiao.apps.challenges.api.router")
api.add_router("/", "langqiao.apps.verification.api.router")
api.add_router("/", "langqiao.apps.conference.api.router")
api.add_router("/", "langqiao.apps.computing.api.router")
api.add_router("/", "langqiao.apps.quantum.api.router")
api.add_router("/", "langqiao.apps.alliances.api.router")
api.add_router("/", "langqiao.apps.insight.api.router")
api.add_router("/", "langqiao.apps.eye.api.router")
