"""PluginError
└── Misuse    the command line cannot be understood: exit status 2, else 1
"""


class PluginError(Exception):
    """One line for a person that says what to change."""


class Misuse(PluginError):
    pass
