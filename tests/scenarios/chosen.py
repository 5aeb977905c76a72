"""Which scenarios a module plays: those whose tests were selected."""

import pytest


def chosen(request: pytest.FixtureRequest, module: str) -> list[str]:
    """Names, in the order of the tests of `module`."""
    return [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module.__name__ == module and hasattr(item, "callspec")
    ]
