"""What `tieout init` writes: passes a check as it is, and tells a newcomer what to fill."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import tieout
from app.landscape.load import Landscape, load


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter") / "works"
    result = CliRunner().invoke(tieout, ["init", str(folder)], standalone_mode=False)
    assert result.exception is None
    return folder


@pytest.fixture(scope="module")
def starter(written: Path) -> Landscape:
    return load(written)


def test_the_starter_passes_a_check_as_it_is(starter):
    assert set(starter.sources) == {"erp", "mes", "wms", "landscape"}
    assert any(starter.pairing(rule) for rule in starter.rules.values())


def test_every_file_a_newcomer_has_to_change_opens_with_what_it_is_for_and_marks_the_places(
    written,
):
    for path in [*written.glob("*.yml"), *written.glob("*/*.yml")]:
        text = path.read_text("utf-8")
        assert text.startswith("# "), path
        assert "# <-" in text, path


def test_the_starter_holds_no_secret_and_says_where_the_ones_it_wants_belong(starter):
    notes = [str(note) for note in starter.notes]
    assert any("sources/erp.yml:11: password: env:ERP_PASSWORD" in note for note in notes)


@pytest.mark.parametrize("held", ["tieout.yml", "sources/erp.yml", "item_cost.csv"])
def test_nothing_that_is_there_is_overwritten(tmp_path, held):
    (tmp_path / held).parent.mkdir(exist_ok=True)
    (tmp_path / held).write_text("mine")
    result = CliRunner().invoke(tieout, ["init", str(tmp_path)], standalone_mode=False)
    assert f"nothing was written, because there is already: {tmp_path / held}" in str(
        result.exception
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / held]
    assert (tmp_path / held).read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(
        tieout, ["init", str(tmp_path / "file" / "x")], standalone_mode=False
    )
    assert "cannot write" in str(result.exception)
