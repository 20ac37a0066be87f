"""What holds of the whole tree, so that nobody has to watch for it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "collectors", "reconcilers", "rules")
LINES = 500  # of one file of ours: what is longer is two things

# Package registries by the words of their names, so that no file holds a name, this one included.
REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("crates", "io"),
    ("rubygems", "org"),
    ("anaconda", "org"),
    ("docker", "io"),
    ("ghcr", "io"),
    ("quay", "io"),
    ("jsdelivr", "net"),
    ("unpkg", "com"),
    ("maven", "org"),
)

# A call that only some files may make, and why.
CALLS = {
    "eval": (),
    "exec": (),
    "compile": (),
    "__import__": (),
    "pickle.loads": (),
    "pickle.load": (),
    "os.system": (),
    "yaml.load": (),
    "datetime.now": ("app/clock.py",),
    "time.time": ("app/clock.py",),
    "time.sleep": ("app/clock.py",),
    "os.getenv": ("app/settings.py",),
    "httpx.Client": ("collectors/client.py",),  # every protection of a request is there
    "httpx.get": (),
    "httpx.post": (),
    "urlopen": (),
    "warnings.simplefilter": (),
    "warnings.filterwarnings": (),
}

SQL = re.compile(r"\s*(SELECT|INSERT|DELETE|UPDATE|CREATE|DROP|ATTACH|WITH|DESCRIBE|CASE|CAST)\b")
# What each file writes into SQL: names of tables, columns and relations from lists of ours, and SQL
# made of such names. Values are bound, or quoted by a function of QUOTED. A new word needs somebody
# who has looked where it comes from.
WRITTEN = {
    "app/demo/systems/mes.py": "columns holes name names table",
    "app/demo/systems/odata.py": "column columns holes key news tables where",
    "app/jobs/coverage.py": "sql",
    "app/jobs/signals.py": "sql table",
    "app/signals/__init__.py": "sql",
    "app/store/findings.py": "rule_no table",
    "app/store/landing.py": "name",
    "app/store/results.py": "rule_no",
    "app/store/rulings.py": """
        _replaced change chosen column columns facts key known later link member met moved
        name number parts query select stored table text there time
    """,
    "app/store/schema.py": "ddl name",
    "app/store/state.py": "arriving asked columns held name query union",
    "collectors/canonical.py": "expression ready sql used",
    "collectors/feed.py": "at expression furthest id mark timely value",
    "collectors/finish.py": """
        _complaining _unresolved all_of casting chosen completing default doubted factor joins key
        kind missing more name ready rest said sent sql table too_large twice unknown
        _unknown value values words
    """,
    "collectors/mapping.py": "also cases mapping",
    "collectors/transports/sql.py": "name number",
    "collectors/typed.py": "all_of cases columns expected fits kind raw raws value",
    "reconcilers/agreement/__init__.py": "_apart _said alias column left marks name right whens",
    "reconcilers/balance/__init__.py": """
        _sql carrier column columns differing format number side words
    """,
    "reconcilers/family.py": "sql target",
    "reconcilers/match/__init__.py": "columns hint side sql staged",
    "reconcilers/match/settle.py": """
        _plain by key known larger name otherwise shown side source staged suspects
    """,
    "reconcilers/match/terms.py": "cases column day first is_due key known own",
    "reconcilers/sql/__init__.py": "_asked c get name query table value",
    "reconcilers/sql/child.py": "asked file files int name",
    "reconcilers/tally/__init__.py": "share",
    "reconcilers/run.py": """
        _known _snapshots chosen conditions end name select since table verdicts
    """,
}
QUOTED = ("literal", "literals", "quote", "interval", "percent", "after", "seen", "instant")
CONSTANT = re.compile(r"_?[A-Z][A-Z_]*$")


def tracked(*endings: str) -> list[Path]:
    """Files git knows, by the end of their names."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    paths = (ROOT / line for line in listed if line.endswith(endings or ("",)))
    return [path for path in paths if path.is_file()]


def of_packages(ending: str) -> list[Path]:
    return [path for name in PACKAGES for path in sorted((ROOT / name).rglob(f"*{ending}"))]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_every_module_and_statement_file_opens_by_saying_what_it_is() -> None:
    silent = [shown(path) for path in of_packages(".py") if not ast.get_docstring(parsed(path))]
    silent += [
        shown(path)
        for path in of_packages(".sql")
        if not path.read_text("utf-8").startswith(("-- ", "/*"))
    ]
    assert silent == []


def test_no_file_has_grown_beyond_what_one_reads_at_once() -> None:
    long = {
        shown(path): count
        for path in of_packages(".py")
        if (count := len(path.read_text("utf-8").splitlines())) > LINES
    }
    assert long == {}


def test_no_file_names_a_package_registry() -> None:
    names = re.compile("|".join(rf"\b{re.escape('.'.join(words))}\b" for words in REGISTRIES))
    named = [
        shown(path)
        for path in tracked()
        if names.search(path.read_bytes().decode("utf-8", "replace"))
    ]
    assert named == []


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            parts = ast.unparse(node.func).split(".")
            yield parts[-1]
            yield ".".join(parts[-2:])


def test_what_only_one_file_may_do_is_done_there_alone() -> None:
    found = {
        (shown(path), call)
        for path in of_packages(".py")
        for call in calls(path)
        if call in CALLS and shown(path) not in CALLS[call]
    }
    assert found - {(file, "compile") for file, _ in found if "re" in imports(ROOT / file)} == set()


def imports(path: Path) -> set[str]:
    return {
        alias.name
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def written_into_sql(path: Path) -> Iterator[tuple[int, str]]:
    """The expressions that f-strings of a module write into SQL, each with its line."""
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.JoinedStr):
            continue
        text = "".join(
            part.value if isinstance(part, ast.Constant) else "x" for part in node.values
        )
        if SQL.match(text):
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    for word in words(part.value):
                        yield part.lineno, word


def words(value: ast.expr) -> Iterator[str]:
    """What an expression is in the end: the last name of it, or of each of its choices."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Call(func=ast.Attribute(attr="join"), args=[argument]):
            yield from words(argument)
        case ast.Call(func=function):
            yield from words(function)
        case ast.Subscript(value=inner) | ast.BinOp(left=inner) | ast.Starred(value=inner):
            yield from words(inner)
        case ast.BoolOp(values=choices) | ast.List(elts=choices):
            for choice in choices:
                yield from words(choice)
        case ast.IfExp(body=one, orelse=other):
            yield from words(one)
            yield from words(other)
        case ast.Constant():
            return
        case _:
            yield ast.unparse(value)


def test_no_value_is_written_into_sql() -> None:
    found = [
        f"{name}:{line}: {word}"
        for path in of_packages(".py")
        if (name := shown(path))
        for line, word in written_into_sql(path)
        if word.lstrip("_") not in QUOTED
        and not CONSTANT.match(word)
        and word not in WRITTEN.get(name, "").split()
    ]
    assert found == [], "bind it; or, where it is SQL of ours, name it in the list above"


def test_a_check_of_a_landscape_needs_no_dashboard() -> None:
    program = (
        "import sys, app.cli.configuring, app.landscape.load\n"
        "print([name for name in ('dash', 'plotly', 'pandas', 'flask') if name in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


RULES = sorted((ROOT / "rules").glob("*/*.yml"))


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_has_a_runbook_and_a_test_of_its_name(path: Path) -> None:
    told = re.search(r"^runbook: (\S+)$", path.read_text("utf-8"), re.MULTILINE)
    assert told is not None
    assert (ROOT / "docs" / "runbooks" / told[1]).is_file()
    assert (ROOT / "tests" / "rules" / f"test_{path.stem}.py").is_file()


PACKS = sorted((ROOT / "collectors").glob("*/*/pack.yml"))


@pytest.mark.parametrize("path", PACKS, ids=lambda path: f"{path.parts[-3]}/{path.parts[-2]}")
def test_a_pack_has_a_test(path: Path) -> None:
    tests = "\n".join(test.read_text("utf-8") for test in (ROOT / "tests").rglob("test_*.py"))
    assert f"{path.parts[-3]}/{path.parts[-2]}" in tests
