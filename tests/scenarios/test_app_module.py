"""The application under test has tests of its own, in its own language."""

import os
import subprocess

from planaria_cluster.toolchain import go, go_environment
from planaria_scenarios.environment import ROOM


def test_the_applications_own_tests_pass():
    command = [str(go()), "test", "./..."]
    environment = {**os.environ, **go_environment()}
    done = subprocess.run(
        command, cwd=ROOM / "app", env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
