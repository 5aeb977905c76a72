"""Where an object or a list of objects is found in the API, by https://kubernetes.io/docs/reference/using-api/api-concepts/."""

from urllib.parse import quote

from planaria_operator.kube.interface import RESOURCES, Resource


def resource_of(kind: str) -> Resource:
    """Raises ValueError for a kind that Planaria does not know."""
    try:
        return RESOURCES[kind]
    except KeyError:
        raise ValueError(f"kind {kind!r}: expected one of {', '.join(RESOURCES)}") from None


def group_of(resource: Resource) -> str:
    """The API group; empty for the core group."""
    group, slash, _ = resource.api_version.partition("/")
    return group if slash else ""


def role_name_of(kind: str) -> str:
    """As a role names it: `deployments.apps`."""
    resource = resource_of(kind)
    return ".".join(part for part in (resource.plural, group_of(resource)) if part)


def collection_path(kind: str, namespace: str) -> str:
    """All objects of a kind in one namespace, or in all of them where `namespace` is empty."""
    resource = resource_of(kind)
    root = "apis" if group_of(resource) else "api"
    scope = f"namespaces/{_quote(namespace)}/" if namespace and resource.namespaced else ""
    return f"/{root}/{resource.api_version}/{scope}{resource.plural}"


def object_path(kind: str, namespace: str, name: str, subresource: str = "") -> str:
    """One object. Raises ValueError for an empty name, which would address the whole collection."""
    if not name:
        raise ValueError(f"{kind}: an object needs a name")
    if resource_of(kind).namespaced and not namespace:
        raise ValueError(f"{kind} {name}: a namespaced object needs a namespace")
    path = f"{collection_path(kind, namespace)}/{_quote(name)}"
    return f"{path}/{subresource}" if subresource else path


def node_proxy_path(node: str, path: str) -> str:
    return f"{object_path('Node', '', node, 'proxy')}/{quote(path.lstrip('/'))}"


def _quote(segment: str) -> str:
    return quote(segment, safe="")
