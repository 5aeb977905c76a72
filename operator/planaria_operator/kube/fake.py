"""A Kube for unit tests that counts calls and records bodies."""

import copy
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from planaria_operator.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from planaria_operator.kube.fake_patch import patched
from planaria_operator.kube.interface import ExecResult, JsonBody, Kube, Page, PatchType
from planaria_operator.kube.paths import resource_of

ObjectKey = tuple[str, str, str]
REVIEW = "SelfSubjectAccessReview"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made, successful or not."""

    verb: str
    """get, list, create, patch, delete, evict, exec, logs, node_text."""
    kind: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    body: Any = None
    patch_type: PatchType | None = None
    field_manager: str = ""
    force: bool = False
    dry_run: bool = False


class FakeKube(Kube):
    """Objects in memory, behind the same Protocol and the same errors as the real client.

    It is not an API server. It knows no schema, no defaulting, no admission, no RBAC, no budgets, no field ownership, no
    controllers and no garbage collection: nothing ever becomes ready here, and an evicted pod is simply gone. A
    server-side apply is a strategic merge, but replaces a status. Label selectors are equality only; field selectors know metadata.name,
    metadata.namespace and dotted paths. What depends on the rest belongs in a test against a real server.
    """

    def __init__(self, *bodies: JsonBody) -> None:
        self.objects: dict[ObjectKey, JsonBody] = {}
        self.made: list[Call] = []
        self.log_text: dict[tuple[str, str, str, bool], str] = {}
        """By namespace, pod, container, and whether it is the previous instance's."""
        self.node_texts: dict[tuple[str, str], str] = {}
        """By node and path."""
        self.endings: dict[tuple[str, str, str], ExecResult] = {}
        """How commands end, by namespace, pod and container; others end well and print nothing."""
        self.denied: set[tuple[str, str]] = set()
        """What a SelfSubjectAccessReview says no to: verb and resource with its subresource, such as `pods/exec`."""
        self._versions = itertools.count(1000)
        self._failures: list[tuple[str, str, KubeError]] = []
        for body in bodies:
            self.put(body)

    # --- for the test

    @property
    def calls(self) -> Counter[tuple[str, str]]:
        """How often each (verb, kind) was called."""
        return Counter((call.verb, call.kind) for call in self.made)

    @property
    def changes(self) -> "list[Call]":
        """Calls that would have changed the cluster, in order."""
        reading = {"get", "list", "logs", "node_text"}
        return [call for call in self.made if call.verb not in reading and not call.dry_run]

    def fail(self, verb: str, kind: str, error: KubeError, *, times: int = 1) -> None:
        """The next `times` calls of this verb on this kind raise `error`."""
        self._failures += [(verb, kind, error)] * times

    def put(self, body: JsonBody) -> JsonBody:
        """Set an object as if something else had written it."""
        meta = body.get("metadata") or {}
        key = (body["kind"], meta.get("namespace") or "", meta["name"])
        stored = copy.deepcopy(body)
        stored["metadata"] = {"uid": f"uid-{'-'.join(key).lower()}", **meta}
        stored["metadata"]["resourceVersion"] = str(next(self._versions))
        self.objects[key] = stored
        return copy.deepcopy(stored)

    # --- Kube

    async def get(self, kind: str, namespace: str, name: str, *, subresource: str = "") -> JsonBody:
        self._note(Call("get", kind, namespace, name, subresource))
        body = self._find(kind, namespace, name)
        return _scale_of(body) if subresource == "scale" else copy.deepcopy(body)

    async def list(
        self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "", limit: int = 0
    ) -> list[JsonBody]:
        self._note(Call("list", kind, namespace))
        found = [
            copy.deepcopy(body)
            for key, body in sorted(self.objects.items())
            if key[0] == kind and namespace in {"", key[1]} and _matches(body, labels, fields)
        ]
        return found[:limit] if limit else found

    async def pages(self, kind: str, namespace: str = "", *, size: int = 0) -> AsyncIterator[Page]:
        found = await self.list(kind, namespace)
        for start in range(0, max(1, len(found)), size or max(1, len(found))):
            yield Page(found[start : start + size] if size else found, begins=start == 0)

    async def create(self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False) -> JsonBody:
        if kind == REVIEW:
            self._note(Call("create", kind, namespace, body=copy.deepcopy(body), dry_run=dry_run))
            return {**body, "status": {"allowed": _asked(body) not in self.denied}}
        named = copy.deepcopy(body)
        meta = named.setdefault("metadata", {})
        if "generateName" in meta and "name" not in meta:
            meta["name"] = f"{meta['generateName']}{next(self._versions)}"
        if resource_of(kind).namespaced:
            meta.setdefault("namespace", namespace)
        named = {"apiVersion": resource_of(kind).api_version, "kind": kind, **named}
        self._note(Call("create", kind, namespace, meta["name"], body=copy.deepcopy(body), dry_run=dry_run))
        if (kind, namespace, meta["name"]) in self.objects:
            raise AlreadyExists(f'create {kind} {namespace}/{meta["name"]}: "{meta["name"]}" already exists')
        # As on a server, what is made anew under a name is another object.
        meta.setdefault("uid", f"{next(self._versions):08}-0000-4000-8000-000000000000")
        return named if dry_run else self.put(named)

    async def patch(  # noqa: PLR0913  an API call has these parts
        self,
        kind: str,
        namespace: str,
        name: str,
        body: Any,
        *,
        patch_type: PatchType,
        subresource: str = "",
        field_manager: str = "planaria",
        force: bool = False,
        dry_run: bool = False,
    ) -> JsonBody:
        self._note(
            Call(
                *("patch", kind, namespace, name, subresource, copy.deepcopy(body)),
                *(patch_type, field_manager, force, dry_run),
            )
        )
        known = self._find(kind, namespace, name)
        if isinstance(body, dict):
            _check_version(known, (body.get("metadata") or {}).get("resourceVersion"))
        after = patched(known, body, patch_type)
        if subresource == "status":
            # The one manager of our status drops what it no longer applies, as the server does.
            status = body.get("status") if patch_type is PatchType.APPLY else after.get("status")
            after = {**known, "status": status}
        return after if dry_run else self.put(after)

    async def delete(self, kind: str, namespace: str, name: str, *, uid: str = "") -> None:
        self._note(Call("delete", kind, namespace, name))
        self._remove(kind, namespace, name, uid)

    async def evict(self, namespace: str, pod: str, *, uid: str, dry_run: bool = False) -> None:
        self._note(Call("evict", "Pod", namespace, pod, "eviction", {"uid": uid}, dry_run=dry_run))
        self._remove("Pod", namespace, pod, uid, dry_run=dry_run)

    async def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: tuple[str, ...],
        *,
        timeout: float,  # noqa: ASYNC109  as the Protocol has it
        limit_bytes: int,
    ) -> ExecResult:
        del timeout
        self._note(Call("exec", "Pod", namespace, pod, "exec", {"container": container, "command": command}))
        self._find("Pod", namespace, pod)
        ended = self.endings.get((namespace, pod, container), ExecResult(0, ""))
        return ended._replace(output=ended.output[:limit_bytes])

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        tail_lines: int,
        limit_bytes: int,
    ) -> str:
        self._note(Call("logs", "Pod", namespace, pod, "log"))
        self._find("Pod", namespace, pod)
        lines = self.log_text.get((namespace, pod, container, previous), "").splitlines(keepends=True)
        return "".join(lines[-tail_lines:])[-limit_bytes:]

    async def node_text(self, node: str, path: str) -> str:
        self._note(Call("node_text", "Node", "", node, "proxy"))
        try:
            return self.node_texts[node, path]
        except KeyError:
            raise NotFound(f"get Node {node} (proxy): 404 page not found") from None

    # --- inside

    def _note(self, call: Call) -> None:
        self.made.append(call)
        for index, (verb, kind, error) in enumerate(self._failures):
            if (verb, kind) == (call.verb, call.kind):
                del self._failures[index]
                raise error

    def _find(self, kind: str, namespace: str, name: str) -> JsonBody:
        try:
            return self.objects[kind, namespace, name]
        except KeyError:
            raise NotFound(f'get {kind} {namespace}/{name}: "{name}" not found') from None

    def _remove(self, kind: str, namespace: str, name: str, uid: str, *, dry_run: bool = False) -> None:
        known = self._find(kind, namespace, name)
        if uid and known["metadata"]["uid"] != uid:
            raise Conflict(
                f"delete {kind} {namespace}/{name}: the UID in the precondition ({uid}) does not match"
            )
        if not dry_run:
            del self.objects[kind, namespace, name]


def _asked(review: JsonBody) -> tuple[str, str]:
    attributes = review["spec"]["resourceAttributes"]
    parts = (attributes["resource"], attributes.get("subresource"))
    return attributes["verb"], "/".join(part for part in parts if part)


def _scale_of(body: JsonBody) -> JsonBody:
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": copy.deepcopy(body["metadata"]),
        "spec": {"replicas": body["spec"]["replicas"]},
    }


def _check_version(body: JsonBody, expected: str | None) -> None:
    if expected and expected != body["metadata"]["resourceVersion"]:
        name = body["metadata"]["name"]
        raise Conflict(
            f"patch {body['kind']} {name}: the object has been modified; apply to the latest version"
        )


def _matches(body: JsonBody, labels: str, fields: str) -> bool:
    have = body["metadata"].get("labels") or {}
    wanted = (pair.split("=", 1) for pair in labels.split(",") if pair)
    if any(have.get(name.rstrip("=")) != value.lstrip("=") for name, value in wanted):
        return False
    pairs = (pair.split("=", 1) for pair in fields.split(",") if pair)
    return all(str(_dig(body, path)) == value for path, value in pairs)


def _dig(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body
