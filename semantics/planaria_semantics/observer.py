"""What the room of meaning tells whoever counts: the operator hangs its metrics here."""

from typing import Protocol


class Observer(Protocol):
    def asked(self, reader: str, outcome: str, seconds: float) -> None:
        """A reader was asked by the cascade. `outcome` is "ok", "bug", or the code of a `SemanticsError`."""
        ...

    def called(self, reader: str, outcome: str) -> None:
        """A call really went out; what the cache or another call in flight answered is not counted."""
        ...

    def cached(self, reader: str, how: str) -> None:
        """`how` is "hit" (remembered), "joined" (somebody else was asking the same) or "miss"."""
        ...


class Unobserved:
    """Implements `Observer` where nobody counts."""

    def asked(self, reader: str, outcome: str, seconds: float) -> None:
        pass

    def called(self, reader: str, outcome: str) -> None:
        pass

    def cached(self, reader: str, how: str) -> None:
        pass
