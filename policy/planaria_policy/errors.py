"""What can go wrong in the policy's room, as a tree: what a person can mend, and what passes."""


class PolicyError(Exception):
    """Anything that the commands of this room tell in one line."""


class BadData(PolicyError):
    """A file of ours, or one that a person wrote, does not say what it must; the message names field and fix."""


class Temporary(PolicyError):
    """May pass by itself; worth another try."""
