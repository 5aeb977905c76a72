"""Every attack on every fault at every place, which takes some minutes: `python -m tests.attacks.everything [encoder|rules]`.

The tests run a part of it that goes round; this prints every decision that an attack changed.
"""

import sys

from rich.console import Console
from rich.progress import track

from planaria_contract import Observation, SemanticState
from planaria_semantics.encoder import EncoderReader
from planaria_semantics.rules import understand
from planaria_semantics.state import settle
from planaria_semantics.window import build
from tests.attacks.catalogue import CATALOGUE
from tests.attacks.inject import PLACES, decision, under


def main(extractor: str = "encoder") -> int:
    reader = EncoderReader.load()

    def encoded(seen: Observation) -> SemanticState:
        window = build(seen)
        return settle(reader.judge(window), window)

    read = understand if extractor == "rules" else encoded
    tried = changed = 0
    for number, attack in enumerate(track(CATALOGUE, console=Console(stderr=True))):
        for what, seen, expected in under(attack, number, places=len(PLACES)):
            tried += 1
            state = read(seen)
            if decision(state) != expected:
                changed += 1
                print(
                    f"{attack.kind}: {attack.name}: {what}: {state.fault} {state.component} {state.severity} {state.confidence}"
                )
    print(f"{extractor}: {changed} of {tried} decisions changed by {len(CATALOGUE)} attacks")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
