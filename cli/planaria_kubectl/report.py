"""What every command says, as data: `-o json` prints it as it is, and `docs/kubectl.md` documents its shape."""

from datetime import datetime
from typing import Any

from planaria_operator.api.base import ApiModel

VERSION = "kubectl.planaria.dev/v1"
"""Fields may be added to a shape; what is there keeps its name and meaning until this changes."""


class Report(ApiModel):
    """The class' name is the `kind`. Unset fields are left out, times are RFC 3339."""

    at: datetime
    """When the API server was asked."""

    def to_body(self) -> dict[str, Any]:
        return {"apiVersion": VERSION, "kind": type(self).__name__, **super().to_body()}
