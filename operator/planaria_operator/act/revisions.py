"""Which template can be gone back to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from planaria_operator.act.bodies import RESTARTED_AT, meta, template_of
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.patches import without_nulls
from planaria_operator.api.reasons import Reason
from planaria_operator.objects.workload import REVISION

POD_TEMPLATE_HASH: Final = "pod-template-hash"
CONTROLLER_REVISION_HASH: Final = "controller-revision-hash"


@dataclass(frozen=True, slots=True)
class Revision:
    number: int
    name: str
    hash: str
    template: dict[str, Any]

    def answers_to(self, wanted: str) -> bool:
        """A revision may be named by number, by template hash, or by the object that keeps it."""
        return wanted in {str(self.number), self.hash, self.name}


def parse_revision(body: Mapping[str, Any]) -> Revision:
    """From a ReplicaSet or a ControllerRevision."""
    about = meta(body)
    labels = about.get("labels") or {}
    if "data" in body:
        template = {key: value for key, value in body["data"]["spec"]["template"].items() if key != "$patch"}
        return Revision(
            int(body.get("revision") or 0), about["name"], labels.get(CONTROLLER_REVISION_HASH, ""), template
        )
    number = int((about.get("annotations") or {}).get(REVISION) or 0)
    template = _without_hash(body["spec"]["template"])
    return Revision(number, about["name"], labels.get(POD_TEMPLATE_HASH, ""), template)


def earlier(revisions: list[Revision], current: Mapping[str, Any]) -> list[Revision]:
    """Revisions before the current template that differ from it, newest first."""
    newest_first = sorted(revisions, key=lambda revision: revision.number, reverse=True)
    now = next((r.number for r in newest_first if alike(r.template, current)), None)
    return [
        revision
        for revision in newest_first
        if (now is None or revision.number < now) and not alike(revision.template, current)
    ]


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Templates that make the same pods. A restart leaves a mark in the template but changes nothing about them."""
    return bool(_essence(one) == _essence(other))


def unseen(setting: Setting) -> Refusal | None:
    """What somebody has rolled out since the evidence was read was found at fault by nobody."""
    observed = setting.observation.workload.revision if setting.observation.workload else None
    present = template_of(setting.target)
    known = [parse_revision(body) for body in setting.revisions]
    if observed is None or any(r.answers_to(observed) and alike(r.template, present) for r in known):
        return None
    message = f"{setting.decision.target} is not at revision {observed} any more, which the evidence is of"
    return Refusal(Reason.WORLD_CHANGED, message)


def others(setting: Setting) -> list[Revision]:
    """Kept revisions that make other pods than the present template."""
    present = template_of(setting.target)
    return [each for each in map(parse_revision, setting.revisions) if not alike(each.template, present)]


def is_of(pod: Mapping[str, Any], revisions: Iterable[Revision]) -> bool:
    """Made from one of them, by the pod's own label."""
    labels = meta(pod).get("labels") or {}
    name = labels.get(POD_TEMPLATE_HASH) or labels.get(CONTROLLER_REVISION_HASH) or ""
    return bool(name) and any(each.answers_to(name) for each in revisions)


def _essence(template: Mapping[str, Any]) -> Any:
    about = dict(template.get("metadata") or {})
    about["annotations"] = {
        key: value for key, value in (about.get("annotations") or {}).items() if key != RESTARTED_AT
    } or None
    return without_nulls({**template, "metadata": about})


def _without_hash(template: Mapping[str, Any]) -> dict[str, Any]:
    about = dict(template.get("metadata") or {})
    about["labels"] = {key: v for key, v in (about.get("labels") or {}).items() if key != POD_TEMPLATE_HASH}
    return {**template, "metadata": about}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What changes between two templates, in words. Values other than images are not repeated: they may be secrets."""
    old = {each["name"]: each for each in before["spec"]["containers"]}
    words: list[str] = []
    for new in after["spec"]["containers"]:
        known = old.get(new["name"])
        if known is None:
            words.append(f"container {new['name']} added")
            continue
        if known.get("image") != new.get("image"):
            words.append(f"{new['name']}: image {known.get('image')} -> {new.get('image')}")
        fields = sorted(key for key in known.keys() | new.keys() if known.get(key) != new.get(key))
        words += [f"{new['name']}: {field}" for field in fields if field != "image"]
    gone = sorted(old.keys() - {each["name"] for each in after["spec"]["containers"]})
    words += [f"container {name} removed" for name in gone]
    return ", ".join(words) or "pod settings outside its containers"
