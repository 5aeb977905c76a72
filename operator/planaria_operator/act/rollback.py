"""Go back to the template of an earlier revision, as `kubectl rollout undo` does."""

from planaria_contract import Action, Rollback
from planaria_operator.act.bodies import target_of, template_of, unblocking
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.ownership import no_new_template
from planaria_operator.act.patches import Change, reversible
from planaria_operator.act.replaced import gives_up
from planaria_operator.act.revisions import Revision, difference, earlier, parse_revision, unseen
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason


def build(setting: Setting) -> Plan | Refusal:
    if refusal := no_new_template(setting) or unseen(setting):
        return refusal
    chosen = _choose(setting)
    if isinstance(chosen, Refusal):
        return chosen
    if refusal := gives_up(setting, chosen.template):
        return refusal
    before = template_of(setting.target)
    change = [Change("/spec/template", before, chosen.template)]
    patches = reversible(setting, change)
    if isinstance(patches, Refusal):
        return patches
    patch, undo = patches
    return Plan(
        action=Action.ROLLBACK,
        target=target_of(setting),
        summary=f"back to revision {chosen.number} ({chosen.name}): {difference(before, chosen.template)}"[
            :512
        ],
        harm="whatever else the newer revision brought is taken back too, and every pod of it is replaced",
        operations=(patch, *unblocking(setting)),
        inverse=(undo,),
    )


def _choose(setting: Setting) -> Revision | Refusal:
    assert isinstance(setting.decision.parameters, Rollback)
    wanted, target = setting.decision.parameters.revision, setting.decision.target
    known = [parse_revision(body) for body in setting.revisions]
    candidates = earlier(known, template_of(setting.target))
    if wanted is not None:
        candidates = [revision for revision in candidates if revision.answers_to(wanted)]
    if candidates:
        return candidates[0]
    called = f" is called {wanted!r}," if wanted is not None else ""
    message = f"none of the {len(known)} kept revisions of {target}{called} is older and makes other pods"
    return Refusal(Reason.NO_PREVIOUS_REVISION, message)
