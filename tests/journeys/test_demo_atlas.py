"""The demo from its territory to its atlas: every commune of a whole study is drawn."""

from __future__ import annotations

import json
from pathlib import Path

from bocage.atlas.making import make_atlas
from bocage.atlas.options import choose_options
from bocage.demo import write_territory
from bocage.study.reading import read_study
from bocage.study.run import run_study


def test_every_commune_of_the_demo_has_its_booklet(tmp_path: Path) -> None:
    """A computed network with land cover, relief and zonings: nothing fails, and the volume holds all."""
    study = read_study(write_territory(tmp_path, scale=0.4))
    run_study(study)

    result = make_atlas(study, choose_options(study), workers=1)

    assert result.failed == ()
    record = json.loads((result.folder / "atlas.json").read_text(encoding="utf-8"))
    assert len(record["communes"]) == result.booklets > 1
    # Four sheets at most, and the figures on the back.
    assert 2 * result.booklets <= result.pages <= 5 * result.booklets
    assert [volume.name for volume in result.volumes] == ["atlas.pdf"]
