"""Every rule has its runbook, every runbook its rule, and the commands in docs are commands."""

import re
import shlex
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from app.cli import tieout
from app.landscape.rule_files import SHIPPED
from app.triage.words import TITLES
from reconcilers.run import FAMILIES
from tests.docs.markdown import DOCS, ROOT, blocks

PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("reconcilers/*/README.md"), ROOT / "README.md"])
RUNBOOKS = sorted(path.name for path in (DOCS / "runbooks").glob("*.md") if path.stem != "README")
SECTIONS = ("What it means", "How bad", "Look", "Likely causes", "Mend", "It closes", "Tell")
_IN_LINE = re.compile(r"`(tieout [a-z][^`]*)`")


def _rules() -> dict[str, str]:
    """Rule -> runbook, as the shipped files say."""
    return {
        path.relative_to(SHIPPED).with_suffix("").as_posix(): YAML(typ="safe").load(path)["runbook"]
        for path in SHIPPED.glob("*/*.yml")
    }


def test_every_rule_has_its_runbook_and_every_runbook_its_rule():
    assert sorted(_rules().values()) == RUNBOOKS


@pytest.mark.parametrize(("rule", "runbook"), sorted(_rules().items()))
def test_a_runbook_names_its_rule_answers_every_question_and_is_listed(rule, runbook):
    text = (DOCS / "runbooks" / runbook).read_text("utf-8")
    assert f"Rule `{rule}`" in text
    assert [name for name in SECTIONS if f"## {name}" not in text] == []
    assert f"| {rule} | [{runbook.removesuffix('.md')}]({runbook}) |" in (
        DOCS / "runbooks" / "README.md"
    ).read_text("utf-8")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_readme_of_a_family_names_every_code_it_can_find(family):
    page = (ROOT / "reconcilers" / family / "README.md").read_text("utf-8")
    stages = "".join(
        path.read_text("utf-8") for path in (ROOT / "reconcilers" / family).glob("*.sql")
    )
    found = {code for code in TITLES if re.search(f"(?<!= )'{code}'", stages)}
    assert [code for code in sorted(found) if f"`{code}`" not in page] == []


def _commands(page: Path) -> list[str]:
    lines = [
        line for block in blocks(page) if block.kind == "sh" for line in block.text.split("\n")
    ]
    inline = _IN_LINE.findall(re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S))
    return [line.split(" # ")[0] for line in [*lines, *inline] if line.startswith("tieout ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_docs_are_commands(page):
    wrong = {line: said for line in _commands(page) if (said := _wrong(line))}
    assert wrong == {}


def _wrong(line: str) -> str | None:
    """What the command line says of a command, without running it; None where it is content."""
    words = shlex.split(line.split(" || ")[0])[1:]
    command: click.Command = tieout
    try:
        with click.Context(tieout, info_name="tieout") as context:
            while isinstance(command, click.Group) and words and words != ["--version"]:
                parsed = command.make_parser(context).parse_args(list(words))[1]
                _, found, words = command.resolve_command(context, parsed)
                command = found or command
                if found and not isinstance(found, click.Group):
                    found.make_context(found.name, list(words), parent=context)
                    return None
    except click.ClickException as error:
        return error.format_message()
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text)
    assert [link for link in links if not _leads(page, *link)] == []


def _leads(page: Path, path: str, anchor: str) -> bool:
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or anchor in {_anchor(line) for line in _headings(target)}


def _headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.M)


def _anchor(heading: str) -> str:
    """The anchor a heading gets on a page: lower case, words joined by -, other signs gone."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
