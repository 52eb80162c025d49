"""Pages of reviewers and of the chair: what they show to whom, the draft's address, both languages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from langqiao.apps.verification.domain import defence, reviews, rounds
from langqiao.apps.verification.models import ReviewState, RoundState
from tests.apps.verification.review_scene import OFFICE_WORDS, WORDS, due, hand_in, hand_in_all, make_scene

pytestmark = pytest.mark.django_db
TYPED = {
    "score-technology": "15.5",
    "score-market": "6",
    "gate-honest": "pass",
    "gatewhy-honest": "",
    "confidence": "4",
    "for_applicant": "建议补充中试数据。",
    "for_office": "",
}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return b"".join(response).decode() if response.streaming else response.content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("blindness", ["single", "double"])
def test_every_page_is_drawn_in_both_languages_and_at_each_step(language: str, blindness: str) -> None:
    scene = make_scene(start=False, blindness=blindness)
    round = f"/rounds/{scene.round.pk}/"
    own, peer, office = (signed_in(scene.actors[name]) for name in ("own", "peer", "office"))
    for client in (own, peer, office):
        client.cookies["django_language"] = language

    def drawn(client: Client, *paths: str) -> None:
        for path in paths:
            response = client.get(path)
            assert response.status_code == 200, path
            response.close()

    drawn(own, "/reviews/", "/defences/")
    drawn(office, round, f"{round}reviews/", f"{round}disagreement/")
    rounds.start_reviewing(scene.user("office"), scene.round, due_at=due())
    first = f"/reviews/{scene.reviews['own'].pk}/"
    drawn(own, "/reviews/", first)
    drawn(office, round)
    hand_in(scene, "own")
    drawn(own, first)
    hand_in_all_but_own(scene)
    drawn(
        office, round, f"{round}reviews/", f"{round}disagreement/", f"{round}disagreement/?flag=wide", first
    )
    rounds.open_discussion(scene.user("office"), scene.round)
    talk = f"{round}talk/{scene.first.pk}/"
    drawn(own, "/reviews/", first, talk, f"/reviews/{scene.reviews['peer'].pk}/")
    drawn(office, round, talk)
    rounds.close_round(scene.user("office"), scene.round)
    drawn(office, round, talk, f"{round}disagreement/?export=csv", f"{round}reviews/?export=xlsx")
    drawn(own, "/reviews/", first, "/reviews/?export=csv")


def hand_in_all_but_own(scene: Any) -> None:
    for name in ("peer", "own second", "third"):
        hand_in(scene, name)
