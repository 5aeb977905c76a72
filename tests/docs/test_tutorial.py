"""The tutorial is played, and must print what the page says."""

import re

import pytest
import yaml

from planaria_operator.meaning import Meaning
from planaria_operator.settings import Settings
from tests.docs import shop
from tests.docs.pages import FENCE, ROOT, blocks
from tests.docs.replay import Replay

PAGE = ROOT / "docs" / "tutorial.md"
TEXT = PAGE.read_text()
SHOWN = [body for _, kind, body in FENCE.findall(TEXT) if not kind]


async def test_the_output_of_the_tutorial_is_what_is_printed():
    meaning = await Meaning.assembled(Settings().semantics)
    play = Replay(shop.calm(), meaning.extractor, shop.BEGIN.replace(hour=11))
    try:
        await observe(play)
        seen = [compared(await play.plugin(*words), body) for words, body in shown_by_plugin()[:3]]
        await enforce(play)
        words, body = shown_by_plugin()[3]
        seen.append(compared(await play.plugin(*words), body))
        await play.go(40)
        words, body = shown_by_plugin()[4]
        seen.append(compared(await play.plugin(*words), body))
    finally:
        await meaning.extractor.aclose()
    assert seen == [[]] * 5
    (record,) = play.store.remediations.values()
    assert f"Finished   True        {record.status.recovery_seconds} " in TEXT


async def observe(play):
    play.put(policy("Observe"))
    await play.go(5)
    play.put(*shop.released(play.now))
    begun = play.now
    await play.go(2)
    play.put(shop.failed_event(play.now), shop.pod(shop.NEW, "qz5wn", begun, waiting=shop.PULLING))
    await play.go(4)
    play.put(shop.pod(shop.NEW, "qz5wn", begun, waiting=shop.BACK_OFF))
    await play.go(35)


async def enforce(play):
    status = play.kube.objects["HealingPolicy", "shop", "web"]["status"]
    play.put(policy("Enforce", generation=2) | {"status": status})
    for _ in range(60):
        await play.go(1)
        template = play.kube.objects["Deployment", "shop", "web"]["spec"]["template"]
        if template["spec"]["containers"][0]["image"] == shop.IMAGES[shop.OLD]:
            break
    rolled_back = shop.deployment(shop.OLD, revision=3)
    rolled_back["spec"]["template"] = template
    play.put(rolled_back, shop.replica_set(shop.OLD, 3, 3), shop.replica_set(shop.NEW, 2, 0))
    play.remove("Pod", f"web-{shop.NEW}-qz5wn")
    await play.go(8)


def policy(mode, generation=1):
    """The one on the page."""
    (text,) = [body.split("EOF\n")[1] for body in blocks(PAGE, "sh") if "kind: HealingPolicy" in body]
    body = yaml.safe_load(text)
    body["metadata"] |= {"namespace": "shop", "generation": generation}
    body["spec"]["mode"] = mode
    return body


def shown_by_plugin():
    calls = [re.match(r"\$ kubectl planaria (.*)\n", body) for body in SHOWN]
    return [(call[1].split(), call.string[call.end() :]) for call in calls if call]


def compared(printed, expected):
    """Lines of the page that were not printed, in this order; where no `...` stands between two, nothing may either."""
    at, missing, gap = 0, [], True
    for line in expected.splitlines():
        if line == "...":
            gap = True
        elif line and (found := where(printed, line, at, gap)) is None:
            missing.append(line)
        elif line:
            at, gap = found + 1, False
    return missing


def where(printed, line, at, gap):
    rest = range(at, len(printed) if gap else min(at + 1, len(printed)))
    return next((index for index in rest if printed[index].rstrip() == line.rstrip()), None)


@pytest.mark.parametrize(
    ("expected", "missing"), [("a\nb", []), ("a\nc", ["c"]), ("a\n...\nc", []), ("c\n...\na", ["a"])]
)
def test_lines_are_compared_in_order_and_without_gaps(expected, missing):
    assert compared(["a", "b", "c"], expected) == missing
