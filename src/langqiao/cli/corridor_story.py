"""The demo's story: questions, answers, a selection and a promise, played through the domain's verbs.

The acts are data (``demo/records/story/acts.jsonl``); each is done once, however often it is played.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from langqiao.apps.accounts.models import User
from langqiao.apps.challenges import domain
from langqiao.apps.challenges.models import Answer, Challenge, Follow, State
from langqiao.apps.registry.models import Field, Organisation

Act = dict[str, Any]
PROPOSAL = ("title", "approach", "plan", "price", "months")


def play(acts: Iterable[Act]) -> None:
    """Do every act that has not been done yet, in order.

    Raises:
        Refused: a verb refuses an act; the story does not fit the records.
    """
    for act in acts:
        _VERBS[act["act"]](act)


def read(text: str) -> list[Act]:
    """Acts from JSON Lines."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _actor(act: Act) -> User | None:
    return User.objects.get(username=act["by"]) if act.get("by") else None


def _challenge(act: Act) -> Challenge:
    return Challenge.objects.get(code=act["challenge"])


def _organisation(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


def _answer(act: Act) -> Answer | None:
    return Answer.objects.filter(
        challenge__code=act["challenge"], team__organisation__code=act["organisation"], team__is_lead=True
    ).first()


def _proposal(act: Act) -> dict[str, Any]:
    return {name: act[name] for name in PROPOSAL if name in act}


def _ask(act: Act) -> None:
    challenge, actor = _challenge(act), _actor(act)
    assert actor is not None
    if not challenge.questions.filter(text=act["text"]).exists():
        domain.ask_question(actor, challenge, text=act["text"])


def _reply(act: Act) -> None:
    question = _challenge(act).questions.filter(reply="").first()
    if question is not None:
        domain.reply_question(_actor(act), question, text=act["text"])


def _answer_once(act: Act) -> None:
    if _answer(act) is not None:
        return
    actor = _actor(act)
    lead = _organisation(act["organisation"])
    answer = domain.draft_answer(actor, _challenge(act), organisation=lead, **_proposal(act))
    members = [(_organisation(code), part) for code, part in act["team"]]
    domain.change_team(actor, answer, members=members, lead_part=act["part"])
    domain.submit_answer(actor, answer)


def _revise(act: Act) -> None:
    answer, actor = _answer(act), _actor(act)
    assert answer is not None
    if answer.state == Answer.State.SUBMITTED and answer.versions.count() == 1:
        domain.revise_answer(actor, answer, **_proposal(act))
        domain.submit_answer(actor, answer)


def _select(act: Act) -> None:
    answer = _answer(act)
    assert answer is not None
    if answer.challenge.state == State.ANSWERING:
        domain.select_answer(_actor(act), answer)


def _contract(act: Act) -> None:
    challenge = _challenge(act)
    if challenge.state == State.SELECTED:
        domain.sign_contract(_actor(act), challenge)


def _promise(act: Act) -> None:
    actor = _actor(act)
    assert actor is not None
    if not actor.promises.filter(challenge__code=act["challenge"]).exists():
        domain.sign_promise(actor, _challenge(act), organisation=_organisation(act["organisation"]))


def _follow(act: Act) -> None:
    actor = _actor(act)
    assert actor is not None
    if not Follow.objects.filter(user=actor, challenge__code=act["challenge"]).exists():
        domain.follow(actor, _challenge(act))


def _subscribe(act: Act) -> None:
    actor = _actor(act)
    assert actor is not None
    if not actor.subscriptions.filter(wanted=act["wanted"], text=act["text"]).exists():
        field = Field.objects.get(slug=act["field"])
        domain.subscribe(actor, wanted=act["wanted"], text=act["text"], field=field)


_VERBS: dict[str, Callable[[Act], None]] = {
    "ask": _ask,
    "reply": _reply,
    "answer": _answer_once,
    "revise": _revise,
    "select": _select,
    "contract": _contract,
    "promise": _promise,
    "follow": _follow,
    "subscribe": _subscribe,
}
