from tests.kube.real import namespace, real  # noqa: F401  fixtures
