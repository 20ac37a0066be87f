"""One SELECT from `page` to canonical rows.

The author's SELECT is parsed once: every SELECT of it gets `record_no`, and for each use of one of
our macros the twin that says what is wrong with the value. So the mapping runs vectorised, and a
record with a problem still becomes a reject with its reason.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources

import duckdb
import sqlglot
from sqlglot import exp

from collectors.sqltext import all_of, literal


class MappingError(ValueError):
    """A mapping is not one SELECT from page that yields rows of its table.

    `line` is 1-based, where known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


@cache
def _macros() -> tuple[str, frozenset[str], frozenset[str]]:
    text = resources.files(__package__).joinpath("macros.sql").read_text("utf-8")
    names = re.findall(r"CREATE MACRO (\w+)\(", text)
    twins = frozenset(name.removesuffix("_problem") for name in names if name.endswith("_problem"))
    return (
        text,
        twins,
        frozenset(name.removesuffix("_basis") for name in names if name.endswith("_basis")),
    )


def connect(zones: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """An in-memory engine that knows our macros and can reach nothing but what is registered in it.

    `zones` maps plant to time zone: `zone_of(plant)` in a mapping. Temporary tables and what is
    registered are the caller's own; the macros are made once for all, that takes a while.
    """
    return _engine(tuple(zones.items())).cursor()


@lru_cache(maxsize=8)
def _engine(zones: tuple[tuple[str, str], ...]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1, "python_enable_replacements": False})
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute(_macros()[0])
    cases = " ".join(f"WHEN {literal(plant)} THEN {literal(zone)}" for plant, zone in zones)
    con.execute(f"CREATE MACRO zone_of(plant) AS CASE plant {cases or 'WHEN NULL THEN NULL'} END")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


@dataclass(frozen=True)
class Select:
    """A parsed mapping. `sql` yields `record_no`, `problem` and the author's columns.

    `constants`: for columns the mapping fills with literals only (`kind`, most often), every value
    it can give.
    """

    sql: str
    columns: tuple[str, ...]
    constants: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)

    @property
    def uses_record(self) -> bool:
        """Whether the mapping looks at the whole text of the record."""
        return re.search(r"\brecord\b", self.sql) is not None


def parse(text: str, target: Collection[str]) -> Select:
    """Read the author's SELECT into a table with the columns `target`. Raises `MappingError`."""
    return _parsed(text, with_basis="time_basis" in target)


@lru_cache(maxsize=256)  # packs are read again with every landscape of a process
def _parsed(text: str, *, with_basis: bool) -> Select:
    try:
        statements = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except sqlglot.errors.TokenError as error:
        raise MappingError("not SQL: a quote or comment is not closed") from error
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        raise MappingError(
            f"not SQL: {first.get('description', error)}", first.get("line")
        ) from error
    if len(statements) != 1:
        raise MappingError(f"a mapping is one SELECT, found {len(statements)} statements")
    branches = list(_branches(statements[0]))
    columns = tuple(column.alias_or_name for column in branches[0].selects)
    constants = _constants(columns, branches)
    for branch in branches:
        if len(branch.selects) != len(columns):
            raise MappingError("the SELECTs of the UNION ALL differ in their number of columns")
        _instrument(branch, columns, with_basis=with_basis)
    if "" in columns or "*" in columns:
        raise MappingError("every column needs a name: SELECT expression AS column, not *")
    if twice := {column for column in columns if columns.count(column) > 1}:
        raise MappingError(f"column given twice: {', '.join(sorted(twice))}")
    if "source_key" not in columns:
        raise MappingError("there is no source_key: the natural key of the record in its source")
    if with_basis and "occurred_at" in columns and "time_basis" not in columns:
        columns = (*columns, "time_basis")
    return Select(_decoding_once(statements[0], branches), columns, constants)


def _decoding_once(tree: exp.Expr, branches: list[exp.Select]) -> str:
    """The mapping as SQL in which each decoding of columns of page stands once, for all SELECTs.

    A macro is expanded wherever it is called, and to plan that takes longer than to decode some
    hundred records.
    """
    decoded: dict[str, str] = {}
    for branch in branches:
        made = _made(branch)
        for call in [node for node in branch.walk(prune=_is_decoding) if _is_decoding(node)]:
            columns = list(call.find_all(exp.Column))
            is_of_page = all(one.name not in made and one.table in ("", "page") for one in columns)
            if is_of_page and not _is_guarded(call, branch):
                name = decoded.setdefault(call.sql(dialect="duckdb"), f"#decoded {len(decoded)}")
                call.replace(exp.column(name, quoted=True))
        page = branch.args["from_"].this
        page.replace(exp.alias_(exp.to_table("decoded"), page.alias_or_name, table=True))
    also = "".join(f', {call} AS "{name}"' for call, name in decoded.items())
    mapping = tree.sql(dialect="duckdb")
    return f"WITH decoded AS (SELECT *{also} FROM page) {mapping}"


def _is_guarded(call: exp.Expr, branch: exp.Select) -> bool:
    """Whether a call may be kept from records it fails on: the engine refuses an unknown zone."""
    if _word(call).removesuffix("_problem").removesuffix("_basis") not in _macros()[2]:
        return False
    zone = call.expressions[-1] if call.expressions else call
    is_ours = zone.name == "plant_zone" or _word(zone) == "zone_of"
    if isinstance(zone, exp.Literal) or is_ours:
        return False
    return bool(branch.args.get("where")) or call.find_ancestor(exp.Case, exp.Select) is not branch


def _is_decoding(value: exp.Expr) -> bool:
    """Whether an expression calls a macro that can have a problem, or a twin of one."""
    return _word(value).removesuffix("_problem").removesuffix("_basis") in _macros()[1]


def _made(branch: exp.Select) -> set[str]:
    """The names that a SELECT makes up: those of joins, and what it calls its own columns.

    A column that is made of one with its own name is no new name: there is such a column of page.
    """
    joins = [*branch.args.get("joins", ()), *branch.args.get("laterals", ())]
    joined = (
        name.name
        for join in joins
        for name in join.find_all(exp.Identifier)
        if isinstance(name.parent, exp.Alias | exp.TableAlias)
    )
    called = (
        column.alias
        for column in branch.selects
        if column.alias not in {used.name for used in column.find_all(exp.Column)}
    )
    return {*joined, *called}


def _constants(columns: tuple[str, ...], branches: list[exp.Select]) -> dict[str, frozenset[str]]:
    """Every literal each column can have, for the columns that can have nothing else."""
    found: dict[str, frozenset[str]] = {}
    for place, name in enumerate(columns):
        values = [
            _literals(branch.selects[place].unalias())
            for branch in branches
            if place < len(branch.selects)
        ]
        if all(value is not None for value in values):
            found[name] = frozenset(text for value in values for text in value or ())
    return found


def _literals(value: exp.Expr) -> frozenset[str] | None:
    """The texts an expression can give where it is made of literals only, else None."""
    if isinstance(value, exp.Literal):
        return frozenset({value.name})
    if isinstance(value, exp.Null):
        return frozenset()
    if isinstance(value, exp.Case):
        default = value.args.get("default")
        arms = [
            *(arm.args["true"] for arm in value.args["ifs"]),
            *([default] if default is not None else []),
        ]
        found = [_literals(arm) for arm in arms]
        return (
            None
            if any(arm is None for arm in found)
            else frozenset(text for arm in found for text in arm or ())
        )
    return None


def _branches(tree: exp.Expr) -> Iterable[exp.Select]:
    if isinstance(tree, exp.Union):
        if tree.args.get("distinct"):
            raise MappingError("join SELECTs with UNION ALL; UNION would drop rows unseen")
        for side in (tree.left, tree.right):
            yield from _branches(side)
        return
    if not isinstance(tree, exp.Select):
        raise MappingError(f"a mapping is a SELECT, found {tree.key.upper()}")
    if tree.args.get("with_"):
        raise MappingError("no WITH: a mapping is a plain SELECT from page")
    source = tree.args.get("from_")
    if source is None or source.this.name.lower() != "page":
        raise MappingError("a mapping selects FROM page")
    for part in ("group", "distinct", "limit", "order", "having", "qualify"):
        if tree.args.get(part):
            raise MappingError(f"no {part.upper()}: a mapping treats every record by itself")
    yield tree


def _instrument(select: exp.Select, columns: tuple[str, ...], *, with_basis: bool) -> None:
    """Let the SELECT also say from which record a row is, what is wrong, how its zone was known."""
    found: list[str] = []
    basis = None
    for name, column in zip(columns, select.selects, strict=True):
        value = column.this if isinstance(column, exp.Alias) else column
        found += [f"'{name}: ' || {wrong.sql(dialect='duckdb')}" for wrong in _problems(value)]
        if name == "occurred_at" and _word(value) in _macros()[2]:
            basis = _twin(value, "basis")
    if where := select.args.get("where"):
        found += _kept_where_unsure(where)
    problem = exp.alias_(sqlglot.parse_one(all_of(found), dialect="duckdb"), "problem")
    select.select("page.record_no", problem, copy=False)
    if with_basis and "occurred_at" in columns and "time_basis" not in columns:
        select.select(exp.alias_(basis or exp.null(), "time_basis"), copy=False)


def _kept_where_unsure(where: exp.Expr) -> list[str]:
    """Let a WHERE keep records it cannot judge, so that they are rejects and not left out."""
    doubts = [doubt.sql(dialect="duckdb") for doubt in _problems(where.this)]
    if doubts:
        unsure = " OR ".join(f"{doubt} IS NOT NULL" for doubt in doubts)
        condition = where.this.sql(dialect="duckdb")
        where.set("this", sqlglot.parse_one(f"({condition}) OR {unsure}", dialect="duckdb"))
    return [f"'where: ' || {doubt}" for doubt in doubts]


def _problems(value: exp.Expr) -> list[exp.Expr]:
    """Expressions that are NULL when `value` can be trusted.

    A CASE is only asked about the branch it takes, and the conditions on the way there.
    """
    if isinstance(value, exp.Case):
        return _problems_of_case(value)
    found: list[exp.Expr] = []
    if _word(value) in _macros()[1]:
        found.append(_twin(value, "problem"))
    for child in value.iter_expressions():
        found.extend(_problems(child))
    return found


def _problems_of_case(value: exp.Case) -> list[exp.Expr]:
    """The same way through, step by step: a doubtful condition ends it, a true one asks its branch.

    Every problem stands in it once, so a CASE of many branches is still quick to plan.
    """
    steps: list[tuple[exp.Expr, exp.Expr | None]] = []
    for tested, branch in _ways(value):
        doubt = _joined(_problems(tested)) if tested is not None else None
        if doubt is not None:
            steps.append((exp.Not(this=exp.Is(this=doubt.copy(), expression=exp.null())), doubt))
        if branch is not None:
            condition, result = branch
            steps.append((condition, _joined(_problems(result))))
    default = value.args.get("default")
    otherwise = _joined(_problems(default)) if default is not None else None
    if otherwise is None and all(problem is None for _, problem in steps):
        return []
    case = exp.Case()
    for condition, problem in steps:
        case = case.when(condition.copy(), problem or exp.null())
    return [case.else_(otherwise or exp.null())]


def _ways(
    value: exp.Case,
) -> Iterator[tuple[exp.Expr | None, tuple[exp.Expr, exp.Expr] | None]]:
    """What a CASE looks at in turn, and where that leads: condition and branch."""
    subject = value.this
    if subject is not None:
        yield subject, None
    for arm in value.args["ifs"]:
        condition = arm.this if subject is None else exp.EQ(this=subject, expression=arm.this)
        yield arm.this, (condition, arm.args["true"])


def _word(value: exp.Expr) -> str:
    """The name of the function an expression calls, '' where it is none we could have made."""
    return value.name.lower() if isinstance(value, exp.Anonymous) else ""


def _twin(value: exp.Expr, suffix: str) -> exp.Expr:
    """The same call of the macro's twin."""
    arguments = [argument.copy() for argument in value.expressions]
    return exp.Anonymous(this=f"{_word(value)}_{suffix}", expressions=arguments)


def _joined(problems: list[exp.Expr]) -> exp.Expr | None:
    """The first of several problems; to tell all of them makes a long CASE slow to plan."""
    different = [problem.copy() for problem in {each.sql(): each for each in problems}.values()]
    if len(different) < 2:
        return different[0] if different else None
    return exp.Coalesce(this=different[0], expressions=different[1:])
