"""Pages of claims and of an indicator in a real browser: they fit a phone, and the source is in sight on a desk."""

from __future__ import annotations

import pytest

from langqiao.apps.insight.domain.loading import load_shipped
from tests.factories import insight_indicators as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FITS = "(table) => table.scrollWidth <= table.clientWidth"


@pytest.fixture(autouse=True)
def _figures() -> None:
    make.corridor()
    load_shipped()


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_pages_of_figures_fit_a_phone(browse, locale):
    page = browse(viewport={"width": 390, "height": 844}, locale=locale)
    for address in ("/insight/claims/", "/insight/indicators/gdp/", "/insight/indicators/alliances/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_the_source_of_a_figure_is_in_sight_on_a_desk(browse, locale):
    page = browse(viewport={"width": 1280, "height": 900}, locale=locale)
    page.goto("/insight/indicators/gdp/")
    assert page.locator(".table-responsive").evaluate(FITS)
    page.goto("/insight/claims/")
    assert page.locator(".table-responsive").first.evaluate(FITS)
