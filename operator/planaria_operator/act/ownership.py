"""Whose word is the last on an object that would be changed: read from its fresh body."""

from collections.abc import Iterable, Mapping
from typing import Any

from planaria_operator.act.bodies import affected_pods, named, no_rollout, on_delete
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.revisions import is_of, others, unseen
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.keeper import parse_keeper
from planaria_operator.objects.meta import Owner, parse_meta


def owner_of(body: JsonBody) -> Owner | None:
    return parse_meta("", body).owner


def not_ours(setting: Setting, kind: str, body: JsonBody, *fields: str) -> Refusal | None:
    """Who would undo a change of these fields under `spec`; None where it would last."""
    about, action = parse_meta(kind, body), setting.decision.category.value
    if about.owner:
        message = f"{about.owner} controls {about} and would undo it: change {about.owner} instead"
        return Refusal(Reason.FOREIGN_OWNER, message)
    keeper = parse_keeper(body)
    if keeper and keeper.keeps(*fields) and not setting.bounds.overrides_git:
        message = (
            f"{keeper} keeps {about} as Git has it: change {', '.join(fields)} in Git, or have the controller leave it "
            f"and set gitOps: Override for {action}"
        )
        return Refusal(Reason.OWNED_BY_GIT_OPS, message)
    return None


def no_new_template(setting: Setting) -> Refusal | None:
    """Why a new template would change nothing here, or would not last; None where it would."""
    return no_rollout(setting) or not_ours(setting, setting.decision.target.kind, setting.target, "template")


def rollout_of_another(setting: Setting) -> Refusal | None:
    """Somebody has rolled out another template since the evidence was read, which may be the mend, or leaves one to a person.
    Where no revision is kept, neither is known.
    """
    newer = unseen(setting) if setting.revisions else None
    return newer or left_to_a_person(setting, affected_pods(setting))


def left_to_a_person(setting: Setting, pods: Iterable[Mapping[str, Any]]) -> Refusal | None:
    """With OnDelete a person takes a new template to each pod by deleting it; to evict one of the former would do that for them."""
    fact = setting.observation.workload
    ours = fact is not None and fact.healed_revision  # then nobody else holds it back
    if not on_delete(setting.target) or ours:
        return None
    revisions = others(setting)  # not before: a node has no template
    former = [pod for pod in pods if is_of(pod, revisions)]
    if not former:
        return None
    message = (
        f"a newer template, which OnDelete leaves to a person, would come with a restart of {named(former)}"
    )
    return Refusal(Reason.UNSUPPORTED_TARGET, message[:512])
