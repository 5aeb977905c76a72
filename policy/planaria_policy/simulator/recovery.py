"""What is kept of a run of `python -m bench recovery`: how fast each fault of a real cluster was healed, and by what."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from planaria_contract import Action
from planaria_policy.errors import BadData
from planaria_policy.simulator.masks import AT
from planaria_policy.simulator.times import MEASURED
from planaria_policy.spaces.choices import CATEGORIES

KEPT: Final = MEASURED.with_name("recovery.json")
"""The part of the last run of `python -m bench recovery` that the shipped times are fitted to."""
AGAIN: Final = "write it anew with `python -m bench recovery --json FILE`"

Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


class Row(BaseModel):
    """One fault on the real cluster. Seconds since it was visible; None where it did not come to that."""

    model_config = ConfigDict(frozen=True)

    name: str
    actions: str
    """Those that were taken, with their targets: `restart Deployment/shop`; or `none`."""
    applied: Seconds | None
    recovered: Seconds | None
    ok: bool
    """It went as the scenario says that it should."""

    @property
    def action(self) -> Action | None:
        """The one that healed it; None where its seconds tell nothing of one action's."""
        if not self.ok or self.applied is None or self.recovered is None or "," in self.actions:
            return None
        action = Action(self.actions.split()[0])
        return None if action is Action.NONE or self.recovered < self.applied else action

    @property
    def works(self) -> float:
        """Seconds from applied to recovered."""
        assert self.applied is not None
        assert self.recovered is not None
        return self.recovered - self.applied


class Recovery(BaseModel):
    """What is kept of a run of `python -m bench recovery`."""

    model_config = ConfigDict(frozen=True)

    time: str
    cores: int = Field(ge=1)
    rows: tuple[Row, ...] = Field(min_length=1)

    @classmethod
    def read(cls, path: Path) -> "Recovery":
        """A bench result or what was kept of one. Raises `BadData` naming the file, the field and the fix."""
        try:
            found = cls.model_validate(_slim(json.loads(path.read_text(encoding="utf-8"))))
        except OSError as error:
            raise BadData(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from error
        except ValidationError as error:
            raise BadData(f"{path}: {_first(error)}; {AGAIN}") from error
        except ValueError as error:  # neither JSON nor UTF-8
            raise BadData(f"{path}: is not JSON ({error}); {AGAIN}") from error
        except (KeyError, TypeError) as error:
            raise BadData(f"{path}: is not a result of the bench ({error!r}); {AGAIN}") from error
        for at, row in enumerate(found.rows):
            if row.actions.split(" ")[0] not in AT:
                known = ", ".join(CATEGORIES)
                raise BadData(
                    f"{path}: rows.{at}.actions: {row.actions!r} does not begin with one of {known}"
                )
        return found

    def keep(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _slim(body: Any) -> Any:
    """A whole bench result tells elsewhere whether a row went well, and on what machine."""
    if not isinstance(body, dict) or "with_operator" not in body:
        return body
    ok = {result["name"]: result["ok"] for result in body["with_operator"]}
    rows = [row | {"ok": ok.get(row["name"])} for row in body["rows"]]
    return {"time": body["time"], "cores": body["machine"]["cores"], "rows": rows}


def _first(error: ValidationError) -> str:
    told = error.errors()[0]
    field = ".".join(str(part) for part in told["loc"]) or "the file"
    return f"{field}: {told['msg']}"
