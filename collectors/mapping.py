"""One SELECT from `page` to canonical rows.

The author's SELECT is parsed once: every SELECT of it gets `record_no`, and for each use of one of our macros the twin
that says what is wrong with the value. So the mapping runs vectorised, and a record with a problem still becomes a
reject with its reason.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import duckdb
import sqlglot
from sqlglot import exp


class MappingError(ValueError):
    """A mapping is not one SELECT from page that yields rows of its table. `line` is 1-based, where known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


@cache
def _macros() -> tuple[str, frozenset[str], frozenset[str]]:
    text = resources.files(__package__).joinpath("macros.sql").read_text("utf-8")
    names = re.findall(r"CREATE MACRO (\w+)\(", text)
    twins = frozenset(name.removesuffix("_problem") for name in names if name.endswith("_problem"))
    return text, twins, frozenset(name.removesuffix("_basis") for name in names if name.endswith("_basis"))


def connect(zones: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """An in-memory engine that knows our macros and can reach nothing but what is registered in it.

    `zones` maps plant to time zone: `zone_of(plant)` in a mapping.
    """
    con = duckdb.connect(config={"threads": 2, "python_enable_replacements": False})
    con.execute("SET TimeZone = 'UTC'")
    con.execute(_macros()[0])
    cases = " ".join(f"WHEN '{plant.replace(chr(39), chr(39) * 2)}' THEN '{zone}'" for plant, zone in zones.items())
    con.execute(f"CREATE MACRO zone_of(plant) AS CASE plant {cases or 'WHEN NULL THEN NULL'} END")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


@dataclass(frozen=True)
class Select:
    """A parsed mapping. `sql` yields `record_no`, `problem` and the author's columns.

    `constants`: for columns the mapping fills with literals only (`kind`, most often), every value it can give.
    """

    sql: str
    columns: tuple[str, ...]
    constants: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def uses_record(self) -> bool:
        """Whether the mapping looks at the whole text of the record."""
        return re.search(r"\brecord\b", self.sql) is not None


def parse(text: str, target: Collection[str]) -> Select:
    """Read the author's SELECT into a table with the columns `target`. Raises `MappingError`."""
    try:
        statements = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        raise MappingError(f"not SQL: {first.get('description', error)}", first.get("line")) from error
    if len(statements) != 1:
        raise MappingError(f"a mapping is one SELECT, found {len(statements)} statements")
    branches = list(_branches(statements[0]))
    columns = tuple(column.alias_or_name for column in branches[0].selects)
    constants = _constants(columns, branches)
    for branch in branches:
        if len(branch.selects) != len(columns):
            raise MappingError("the SELECTs of the UNION ALL differ in their number of columns")
        _instrument(branch, columns, with_basis="time_basis" in target)
    if "" in columns or "*" in columns:
        raise MappingError("every column needs a name: SELECT expression AS column, not *")
    if twice := {column for column in columns if columns.count(column) > 1}:
        raise MappingError(f"column given twice: {', '.join(sorted(twice))}")
    if "source_key" not in columns:
        raise MappingError("there is no source_key: the natural key of the record in its source")
    if "time_basis" in target and "occurred_at" in columns and "time_basis" not in columns:
        columns = (*columns, "time_basis")
    return Select(statements[0].sql(dialect="duckdb"), columns, constants)


def _constants(columns: tuple[str, ...], branches: list[exp.Select]) -> dict[str, frozenset[str]]:
    """Every literal each column can have, for the columns that can have nothing else."""
    found: dict[str, frozenset[str]] = {}
    for place, name in enumerate(columns):
        values = [_literals(branch.selects[place].unalias()) for branch in branches if place < len(branch.selects)]
        if all(value is not None for value in values):
            found[name] = frozenset(text for value in values for text in value or ())
    return found


def _literals(value: exp.Expression) -> frozenset[str] | None:
    """The texts an expression can give where it is made of literals only, else None."""
    if isinstance(value, exp.Literal):
        return frozenset({value.name})
    if isinstance(value, exp.Null):
        return frozenset()
    if isinstance(value, exp.Case):
        default = value.args.get("default")
        arms = [*(arm.args["true"] for arm in value.args["ifs"]), *([default] if default is not None else [])]
        found = [_literals(arm) for arm in arms]
        return None if any(arm is None for arm in found) else frozenset(text for arm in found for text in arm or ())
    return None


def _branches(tree: exp.Expression) -> Iterable[exp.Select]:
    if isinstance(tree, exp.Union):
        if tree.args.get("distinct"):
            raise MappingError("join SELECTs with UNION ALL; UNION would drop rows unseen")
        for side in (tree.left, tree.right):
            yield from _branches(side)
        return
    if not isinstance(tree, exp.Select):
        raise MappingError(f"a mapping is a SELECT, found {tree.key.upper()}")
    if tree.args.get("with_") or tree.args.get("with"):
        raise MappingError("no WITH: a mapping is a plain SELECT from page")
    source = tree.args.get("from_") or tree.args.get("from")
    if source is None or source.this.name.lower() != "page":
        raise MappingError("a mapping selects FROM page")
    for part in ("group", "distinct", "limit", "order", "having", "qualify"):
        if tree.args.get(part):
            raise MappingError(f"no {part.upper()}: a mapping treats every record by itself")
    yield tree


def _instrument(select: exp.Select, columns: tuple[str, ...], *, with_basis: bool) -> None:
    """Let the SELECT also say which record a row comes from, what is wrong with it, and how its zone was known."""
    problems, basis = [], None
    for name, column in zip(columns, select.selects, strict=True):
        value = column.this if isinstance(column, exp.Alias) else column
        for problem in _problems(value):
            problems.append(f"'{name}: ' || {problem.sql(dialect='duckdb')}")
        if name == "occurred_at" and isinstance(value, exp.Anonymous) and value.name.lower() in _macros()[2]:
            basis = exp.Anonymous(this=f"{value.name.lower()}_basis", expressions=[arg.copy() for arg in value.expressions])
    problem = f"nullif(concat_ws('; ', {', '.join(problems)}), '')" if problems else "CAST(NULL AS VARCHAR)"
    select.select("page.record_no", exp.alias_(sqlglot.parse_one(problem, dialect="duckdb"), "problem"), copy=False)
    if with_basis and "occurred_at" in columns and "time_basis" not in columns:
        select.select(exp.alias_(basis or exp.null(), "time_basis"), copy=False)


def _problems(value: exp.Expression) -> list[exp.Expression]:
    """Expressions that are NULL when `value` can be trusted. A CASE is only asked about the branch it takes."""
    if isinstance(value, exp.Case):
        arms = [(arm.this, _joined(_problems(arm.args["true"]))) for arm in value.args["ifs"]]
        default = value.args.get("default")
        otherwise = _joined(_problems(default)) if default is not None else None
        if all(problem is None for _, problem in arms) and otherwise is None:
            return []
        case = exp.Case(this=value.this.copy() if value.this else None)
        for condition, problem in arms:
            case = case.when(condition.copy(), problem or exp.null())
        return [case.else_(otherwise or exp.null())]
    found: list[exp.Expression] = []
    if isinstance(value, exp.Anonymous) and value.name.lower() in _macros()[1]:
        found.append(exp.Anonymous(this=f"{value.name.lower()}_problem", expressions=[arg.copy() for arg in value.expressions]))
    for child in value.iter_expressions():
        found.extend(_problems(child))
    return found


def _joined(problems: list[exp.Expression]) -> exp.Expression | None:
    if len(problems) < 2:
        return problems[0] if problems else None
    joined = exp.Anonymous(this="concat_ws", expressions=[exp.Literal.string("; "), *problems])
    return exp.Anonymous(this="nullif", expressions=[joined, exp.Literal.string("")])
