"""The JSON schema of every public model, as it was promised to peers.

python -m tests.contract.golden     write it anew for the present schema version
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

import planaria_contract
from planaria_contract import SCHEMA_VERSION, Model

PATH = Path(__file__).parent / "golden" / f"v{SCHEMA_VERSION}.json"
PROSE = {"title", "description"}


def schema() -> str:
    things = [getattr(planaria_contract, name) for name in planaria_contract.__all__]
    models = [thing for thing in things if isinstance(thing, type) and issubclass(thing, Model)]
    _, definitions = models_json_schema([(model, "validation") for model in models])
    return json.dumps(_without_prose(definitions["$defs"]), indent=1, sort_keys=True) + "\n"


def _without_prose(node: Any, *, names: bool = True) -> Any:
    """`names` says that the keys are names of models or fields, which may be called title or description."""
    if isinstance(node, list):
        return [_without_prose(item, names=False) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_prose(value, names=key == "properties")
        for key, value in node.items()
        if names or key not in PROSE
    }


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(schema(), encoding="utf-8")
    sys.stdout.write(f"wrote {PATH}\n")
