"""ScenarioError
├── CatalogueError     a scenario's files cannot be used; the message names file, field and fix
├── ApiError           the API server refused or did not answer; carries the HTTP status, 0 for no answer
├── EnvironmentalError the cluster, the image or the operator could not be made ready
└── Interrupted        the run was ended before its time
"""


class ScenarioError(Exception):
    """One line for a person."""


class CatalogueError(ScenarioError):
    pass


class ApiError(ScenarioError):
    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class EnvironmentalError(ScenarioError):
    pass
