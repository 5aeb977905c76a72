"""A bill of materials of an image, CycloneDX 1.6 in JSON: the Python distributions and Debian packages found in its layers.

What a wheel carries inside itself (OpenBLAS in numpy, libpq in psycopg) has no name of its own there.
"""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.message import Message
from email.parser import BytesHeaderParser, HeaderParser
from pathlib import Path
from typing import Final

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from planaria_cluster.archive import Archive
from planaria_cluster.paths import write_if_changed

SCHEMA: Final = SchemaVersion.V1_6
_STATUS: Final = "var/lib/dpkg/status"
_RELEASE: Final = ("etc/os-release", "usr/lib/os-release")


def write_sbom(archive: Path, out: Path) -> None:
    """The same image gives the same bytes. Raises UsageError where `archive` is no image archive."""
    text = make_outputter(bill(Archive(archive)), OutputFormat.JSON, SCHEMA).output_as_string(indent=2)
    write_if_changed(out, text + "\n", 0o644)


def bill(image: Archive) -> Bom:
    files = image.read(lambda name: name in (_STATUS, *_RELEASE) or name.endswith(".dist-info/METADATA"))
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, "".join(image.configuration["rootfs"]["diff_ids"]))
    )
    bom.metadata.timestamp = datetime.fromisoformat(_seconds(image.configuration["created"]))
    bom.metadata.component = root = _root(image)
    system = next((_system(files[name]) for name in _RELEASE if name in files), "debian")
    found = [*_distributions(files), *_packages(files.get(_STATUS, b""), system)]
    bom.components.update(found)
    bom.register_dependency(root, found)
    return bom


def _root(image: Archive) -> Component:
    labels = image.configuration["config"].get("Labels") or {}
    name = labels.get("org.opencontainers.image.title", image.path.stem)
    version = labels.get("org.opencontainers.image.version")
    return Component(type=ComponentType.CONTAINER, name=name, version=version, bom_ref=name)


def _distributions(files: dict[str, bytes]) -> Iterator[Component]:
    for path, text in sorted(files.items()):
        if path.endswith("/METADATA"):
            fields = BytesHeaderParser().parsebytes(text)
            url = PackageURL(
                "pypi", name=str(fields["Name"]).lower().replace("_", "-"), version=fields["Version"]
            )
            yield _component(url, str(fields["Name"]), fields, _license(fields))


def _packages(status: bytes, system: str) -> Iterator[Component]:
    for block in status.decode(errors="replace").split("\n\n"):
        fields = HeaderParser().parsestr(block)
        if fields.get("Status", "").endswith(" installed"):
            where = {"arch": str(fields["Architecture"])}
            url = PackageURL("deb", system, fields["Package"], fields["Version"], where)
            yield _component(url, str(fields["Package"]), fields, [])


def _component(
    url: PackageURL,
    name: str,
    fields: "Message[str, str]",
    licenses: Iterable[DisjunctiveLicense | LicenseExpression],
) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=fields["Version"],
        purl=url,
        bom_ref=url.to_string(),
        licenses=licenses,
        description=str(fields.get("Summary") or fields.get("Description") or "").partition("\n")[0] or None,
    )


def _license(fields: "Message[str, str]") -> list[DisjunctiveLicense | LicenseExpression]:
    """An SPDX expression where the author gave one, else the author's own words if they are a name and not a text."""
    if expression := fields.get("License-Expression"):
        return [LicenseExpression(str(expression))]
    words = str(fields.get("License") or "").strip()  # a Header object where it is not ASCII
    return [DisjunctiveLicense(name=words)] if words and "\n" not in words else []


def _system(release: bytes) -> str:
    pairs = (line.partition("=") for line in release.decode().splitlines())
    return next((value.strip('"') for key, _, value in pairs if key == "ID"), "debian")


def _seconds(moment: str) -> str:
    """Docker writes nanoseconds, which Python does not read."""
    return f"{moment[:19]}+00:00"
