"""Tables, colours and words on a terminal. No text is ever read as markup, and all of it is cleaned."""

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from planaria_kubectl.clean import clean

Cell = Text | str | int | None
PLAIN_WIDTH: Final = 4096
"""Columns where nobody looks: a pipe gets whole lines."""

GAP: Final = 3

GOOD, BAD, CAREFUL, QUIET, STRONG = "green", "red", "yellow", "dim", "bold"
STYLES: Final = {
    **dict.fromkeys(
        ("Recovered", "RecoveredWithoutAction", "RecoveredLate", "Enforce", "Allowed", "True", "Counted"),
        GOOD,
    ),
    **dict.fromkeys(("Escalated", "Failed", "Ineffective", "RevertFailed", "False", "Late", "Void"), BAD),
    **dict.fromkeys(
        ("Blocked", "Waiting", "Awaiting", "Acting", "Verifying", "Reverting", "Superseded"), CAREFUL
    ),
    **dict.fromkeys(("Observe", "Recommend", "Approve"), CAREFUL),
}
"""For words that say how something stands."""


def text(words: object, style: str = "") -> Text:
    return Text(clean(words), style=style)


def state(word: str) -> Text:
    return text(word, STYLES.get(word, ""))


def line(*parts: Text | str) -> Text:
    """One line of parts that keep their styles."""
    return Text.assemble(*(part if isinstance(part, Text) else text(part) for part in parts))


def heading(words: str) -> Text:
    return text(words, STRONG)


class Row(Text):
    """A line of a table: never wrapped, never cut, so that a narrow terminal wraps it as it does kubectl's."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, below: Sequence[Cell] = ()) -> Group:
    """As kubectl prints one. `below` stands under each row, wrapped."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(each.cell_len for each in column) for column in zip(_head(columns), *cells, strict=True)]
    lines: list[RenderableType] = [_row(_head(columns), widths)]
    for number, row in enumerate(cells):
        lines.append(_row(row, widths))
        if number < len(below):
            lines.append(indented(_cell(below[number])))
    return Group(*lines)


def indented(*parts: RenderableType, by: int = 2) -> Group:
    return Group(*(moved for part in parts for moved in _moved(part, by)))


def _moved(part: RenderableType, by: int) -> Iterator[RenderableType]:
    if isinstance(part, Group):
        for each in part.renderables:
            yield from _moved(each, by)
    elif isinstance(part, Row):
        moved = Row(" " * by, no_wrap=True, overflow="ignore")
        moved.append_text(part)
        yield moved
    else:
        yield Padding(part, (0, 0, 0, by))


def section(words: str, *parts: RenderableType) -> Group:
    return Group(Text(), heading(words), indented(*parts))


def show(content: RenderableType) -> None:
    """On standard output; with colours where it is a terminal and NO_COLOR is not set."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    sys.stdout.write(rendered(content, terminal(None if sys.stdout.isatty() else PLAIN_WIDTH)))


def terminal(width: int | None = None, *, colours: bool | None = None) -> Console:
    """`width` None takes the terminal's own; `colours` None finds out."""
    return Console(width=width, force_terminal=colours, markup=False, highlight=False, emoji=False)


def rendered(content: RenderableType, console: Console) -> str:
    with console.capture() as captured:
        console.print(content, crop=False)
    printed = captured.get()
    return printed if console.is_terminal else "".join(f"{each.rstrip()}\n" for each in printed.splitlines())


def _head(columns: Sequence[str]) -> list[Text]:
    return [text(column, STRONG) for column in columns]


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Row:
    made = Row(no_wrap=True, overflow="ignore")
    for cell, width in zip(cells[:-1], widths[:-1], strict=True):
        made.append_text(cell).append(" " * (width - cell.cell_len + GAP))
    made.append_text(cells[-1])
    return made


def _cell(cell: Cell) -> Text:
    if isinstance(cell, Text):
        return cell
    return text("-" if cell is None or cell == "" else cell)


CLUSTER: Final = "(cluster)"
"""In place of a namespace, where there is none."""


def label_of(namespace: str, name: str) -> str:
    """How a policy of either kind is called."""
    return f"{namespace or CLUSTER}/{name}"
