"""The two commands of the README."""

from tests.docs.markdown import ROOT, blocks


def test_the_commands_of_the_readme_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = {
        line.split()[1]
        for block in blocks(ROOT / "README.md")
        for line in block.text.splitlines()
        if line.startswith("make ")
    }
    assert named == {"demo", "test"}
    assert [name for name in named if f"\n{name}:" not in makefile] == []
