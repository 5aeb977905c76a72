"""Every attack of the suite."""

from tests.attacks.attack import Attack
from tests.attacks.floods import FLOODS
from tests.attacks.letters import LETTERS
from tests.attacks.orders import ORDERS
from tests.attacks.shapes import SHAPES

CATALOGUE: tuple[Attack, ...] = (*ORDERS, *SHAPES, *LETTERS, *FLOODS)
