"""The passing preference for where a moved pod lands: a soft taint of Planaria's own, which evicts nobody.

Its value says which attempt avoids the node, because a node has one such taint at most: the latest attempt has it, and
what an earlier one ends with leaves it there. An operator of some namespaces alone says in it also that it is its own:
of what stands for a record that is not there it could not tell otherwise whether another operator sees that.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from planaria_operator.act.patches import REVERT
from planaria_operator.objects.cluster import AVOID_TAINT

AVOID: Final = {"key": AVOID_TAINT, "effect": "PreferNoSchedule"}


def scope_of(namespaces: Iterable[str]) -> str:
    """How operators that watch exactly these namespaces, and so see the same records, know each other. Empty for all of them."""
    names = sorted(set(namespaces))
    return hashlib.sha256(",".join(names).encode()).hexdigest()[:8] if names else ""


def value_of(token: str, scope: str = "") -> str:
    """`<n>.<uid>[_<scope>]` of an attempt that is called `<name>/<n>@<uid>[/revert]`: a value of a taint has no other signs."""
    attempt = token.removesuffix(REVERT).rpartition("/")[2].replace("@", ".")
    return f"{attempt}_{scope}" if attempt and scope else attempt


def is_within(value: str, scope: str) -> bool:
    """Whether an operator of that scope left it."""
    return bool(scope) and value.endswith(f"_{scope}")


def with_avoid(node: Mapping[str, Any], attempt: str) -> dict[str, Any] | None:
    """The merge patch that adds the taint, or makes it this attempt's; None where it is."""
    present, wanted = _taints(node), {**AVOID, **({"value": attempt} if attempt else {})}
    if wanted in present:
        return None
    return {"spec": {"taints": [*(taint for taint in present if not _ours(taint)), wanted]}}


def without_avoid(node: Mapping[str, Any], attempt: str = "") -> dict[str, Any] | None:
    """The merge patch that takes the taint off; None where there is none, or another attempt has it. Default: whoever does."""
    present = _taints(node)
    others = [taint for taint in present if not (_ours(taint) and _is_of(taint, attempt))]
    return None if len(others) == len(present) else {"spec": {"taints": others or None}}


def _taints(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((node.get("spec") or {}).get("taints") or ())


def _ours(taint: Mapping[str, Any]) -> bool:
    return (taint.get("key"), taint.get("effect")) == (AVOID["key"], AVOID["effect"])


def _is_of(taint: Mapping[str, Any], attempt: str) -> bool:
    """An older version left it without a value. The scope is another one after the operator was given other namespaces."""
    value = taint.get("value")
    return not attempt or not value or value.partition("_")[0] == attempt.partition("_")[0]
