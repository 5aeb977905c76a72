import asyncio
import time

from planaria_operator.telemetry.loop_lag import INTERVAL, LoopLag, watch_loop_lag
from planaria_operator.telemetry.metrics import REGISTRY


def test_the_worst_of_the_last_ten_seconds_is_kept():
    lag = LoopLag()
    assert lag.worst == 0
    lag.add(100.0, 0.3)
    lag.add(105.0, 0.1)
    assert lag.worst == 0.3
    lag.add(110.5, 0.05)
    assert lag.worst == 0.1
    lag.add(121.0, 0.0)
    assert lag.worst == 0


async def test_a_blocked_loop_shows_in_the_metric():
    lag = LoopLag()
    task = asyncio.create_task(watch_loop_lag(lag))
    await asyncio.sleep(INTERVAL / 2)
    time.sleep(0.3)  # noqa: ASYNC251  blocking is the point
    await asyncio.sleep(INTERVAL)
    task.cancel()
    assert lag.worst >= 0.2
    assert REGISTRY.get_sample_value("planaria_loop_lag_seconds") == lag.worst
