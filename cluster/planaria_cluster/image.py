"""What an image is made of, and when it has to be made again."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Image:
    """`target` is a stage of the Dockerfile, default its last. `secrets` reach the build as files and stay in no layer."""

    context: Path
    dockerfile: Path
    tag: str
    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    secrets: Mapping[str, Path] = field(default_factory=dict)

    def key(self) -> str:
        """Changes whenever the image could: names, modes and contents of all files, the tag, target and arguments."""
        words = (self.tag, self.target, sorted(self.build_args.items()))
        digest = hashlib.sha256(repr(words).encode())
        digest.update(self.dockerfile.read_bytes())
        for path in self.files():
            digest.update(f"\0{path.relative_to(self.context)}\0{path.lstat().st_mode}".encode())
            if path.is_symlink():
                digest.update(str(path.readlink()).encode())
            elif path.is_file():
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def files(self) -> list[Path]:
        """All that a builder is sent, sorted, folders included. A `.dockerignore` must be a list of what is allowed."""
        found = (path for root in self._roots() for path in (root, *root.rglob("*")))
        return sorted(path for path in found if "__pycache__" not in path.parts and path != self.context)

    def options(self) -> list[str]:
        """As Docker, podman and buildah spell them."""
        words = ["--file", str(self.dockerfile), "--tag", self.tag, "--network", "host"]
        words += [
            word for key, value in self.build_args.items() for word in ("--build-arg", f"{key}={value}")
        ]
        words += [word for key, path in self.secrets.items() for word in ("--secret", f"id={key},src={path}")]
        return [*words, *(["--target", self.target] if self.target else []), str(self.context)]

    def _roots(self) -> Iterator[Path]:
        ignored = self.context / ".dockerignore"
        lines = ignored.read_text().split() if ignored.exists() else []
        if lines[:1] != ["*"]:
            yield self.context
            return
        yield from (self.context / line[1:] for line in lines if line.startswith("!"))
