"""The timeline, narrowed: what is left out before it is read is exactly what would be left out after."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.store.reader import Reader
from seeds.loader import folder_of
from streams.writing.replay import theatre
from tests import facts
from tests.projections import logs
from tests.projections.store.test_knowing import projection
from tests.projections.test_apply import settings
from tests.published import publish

ALL: dict[str, Any] = {
    **dict.fromkeys(("timelines", "sites", "classes", "kinds", "since", "before")),
    "everything": True,
}


def narrowed(snapshots: Path) -> None:
    """Check that every site and class, alone and together, lists what a look at the whole timeline finds."""
    with Reader(snapshots) as reader:
        whole = reader.rows("timeline", **ALL)
        sites, classes = ({row[name] for row in whole} for name in ("site", "class"))
        for site in sites:
            for kind in classes:
                asked = {"sites": site and [site], "classes": kind and [kind]}
                expected = [row for row in whole if site in {None, row["site"]} and kind in {None, row["class"]}]
                assert reader.rows("timeline", **{**ALL, **asked}) == expected, asked


class TestANarrowedTimeline:
    @settings(max_examples=5)
    @given(data=st.data())
    def test_is_the_whole_one_without_the_rest(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Given any log, when its timeline is narrowed by site and class, then nothing is missing or too much."""
        records = data.draw(logs.logs())

        narrowed(projection(tmp_path_factory.mktemp("narrowed"), records, len(records)))

    def test_of_the_seeds_too(self, tmp_path: Path) -> None:
        """Given the seeds, when their timeline is narrowed by each site and class, then nothing is missing."""
        narrowed(publish(tmp_path, theatre(folder_of("iraq-syria"))))

    def test_has_what_a_correction_holds_against(self, tmp_path: Path) -> None:
        """Given a corrected site and class, when a report says others, then it is listed under what it says itself."""
        told = [
            facts.reported("a", site="north"),
            facts.corrected("a", site="south", incident_class="context"),
            facts.reported("a", site="west", incident_class="strike"),
        ]
        snapshots = publish(tmp_path, facts.staged(*told))

        with Reader(snapshots) as reader:
            for asked in ({"sites": ["west"]}, {"classes": ["strike"]}):
                rows = reader.rows("timeline", **{**ALL, **asked, "kinds": ["incident.reported"]})
                assert [(row["site"], row["class"]) for row in rows] == [("west", "strike")]
        narrowed(snapshots)
