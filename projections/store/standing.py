"""Incidents as the snapshots of a reader have them, for the rules."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from projections.incidents import Incident, Site
from projections.store.lookups import incident_of
from projections.store.reader import Reader

COLUMNS: Final = 19  # of an incident's version; then come its site's kind, country and province, and its umbrellas


def of_group(
    reader: Reader,
    where: Mapping[str, Any],
    fields: Mapping[str, str],
    *,
    before: int | None = None,
    after: int | None = None,
) -> list[Incident]:
    """The incidents of a timeline that may matter to a group, standing or not, in order of number.

    Args:
        reader: the snapshots; as known then, if it is one of then.
        where: partition and timeline.
        fields: the values of the group; an incident that lacks one is there too.
        before: a log position; as they were before it. Else as they are.
        after: µs; without those that happened then or earlier for sure.
    """
    rows = reader.rows("of_group", **where, fields=json.dumps(fields), before=before, after=after)
    return [_incident(list(row.values())) for row in rows]


def _incident(row: Sequence[Any]) -> Incident:
    *place, umbrellas = row[COLUMNS:]
    return incident_of(row[:COLUMNS], Site(row[9], *place), tuple(umbrellas or ()))
