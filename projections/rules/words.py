"""The words of rules and alerts. Never compiled: the contract has their docstrings, and mypyc keeps none."""

from enum import StrEnum


class Measure(StrEnum):
    """What is measured of a group."""

    COUNT = "count"
    SUM = "sum"  # of a quantity
    DISTINCT = "distinct"  # values of a field
    NEW = "new"  # values of a field that were never seen before
    SURGE = "surge"  # n times how far a window is above the mean of the n before it
    SILENCE = "silence"  # for how long nothing happened, as levels


class Status(StrEnum):
    """How far a rule is to be trusted."""

    STABLE = "stable"
    EXPERIMENTAL = "experimental"  # its alerts page no one


class Updates(StrEnum):
    """Which changes of value or evidence are told; changes of interval or severity always are."""

    NONE = "none"
    CORRECTIONS = "corrections"
    ALL = "all"


class Kind(StrEnum):
    """What happened to an alert."""

    RAISED = "raised"
    ESCALATED = "escalated"
    UPDATED = "updated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CANCELLED = "cancelled"


class State(StrEnum):
    """What an alert is after a message."""

    OPEN = "open"
    RESOLVED = "resolved"
    MERGED = "merged"  # final: another alert stands for its episode
    CANCELLED = "cancelled"  # final: there was no such episode


class Reason(StrEnum):
    """What it was that changed the episodes."""

    EVIDENCE = "evidence"
    TIME = "time"
    RULES = "rules"
    PROJECTION = "projection"  # the version of the code that tells what follows from the facts

    @property
    def adopts(self) -> bool:
        """Whether somebody decided to look at everything otherwise."""
        return self in {Reason.RULES, Reason.PROJECTION}
