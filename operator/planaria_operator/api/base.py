"""How the models of the custom resources are written: camelCase on the wire, described, bounded."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

GROUP = "planaria.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


class ApiModel(BaseModel):
    """A part of a custom resource. Unknown fields are ignored: the API server has pruned them already."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    def to_body(self) -> dict[str, Any]:
        """The JSON tree as the API server stores it: camelCase, RFC 3339 times, nothing that is unset."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _with_zone(time: datetime) -> datetime:
    """The API server also takes a time without a zone; it is read as UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


Time = Annotated[datetime, AfterValidator(_with_zone), Field(json_schema_extra={"format": "date-time"})]
Name = Annotated[str, Field(min_length=1, max_length=253)]
Text = Annotated[str, Field(max_length=1024)]
Percent = Annotated[int, Field(ge=0, le=100)]

PolicyKind = Literal["HealingPolicy", "ClusterHealingPolicy"]
POLICY_KINDS: Final[tuple[PolicyKind, ...]] = get_args(PolicyKind)
PolicyKey = tuple[str, str]
"""Namespace and name; the namespace of a ClusterHealingPolicy is empty, so no two policies of either kind share one."""
