"""What an author's statement may say.

It is read as a tree, everything in the tree has to be on a list, and what runs is written anew from
the tree: DuckDB never sees the author's own text, so there is no second reading of it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

LONGEST = 20_000  # characters
LARGEST = 2_000  # nodes of the tree
BINDS = ("as_of", "horizon")

_SHAPES: frozenset[type[exp.Expr]] = frozenset({
    exp.Select, exp.Subquery, exp.With, exp.CTE, exp.TableAlias, exp.Union, exp.Except,
    exp.Intersect, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order,
    exp.Ordered, exp.Distinct, exp.Window, exp.WindowSpec, exp.Filter, exp.Table, exp.Column,
    exp.Identifier, exp.Alias, exp.Star, exp.Paren, exp.Tuple, exp.Literal, exp.Null, exp.Boolean,
    exp.Placeholder, exp.Var, exp.Interval,
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In, exp.Exists, exp.Like, exp.ILike,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.DPipe,
    exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam,
})  # fmt: skip
# No clock, no chance, nothing that makes a long text of a short one, nothing that reads elsewhere.
_FUNCTIONS: frozenset[type[exp.Expr]] = frozenset({
    exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Sign, exp.Greatest, exp.Least,
    exp.Coalesce, exp.Nullif, exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring,
    exp.StartsWith, exp.EndsWith, exp.Contains, exp.RegexpLike, exp.Extract, exp.DateDiff,
    exp.TimestampTrunc, exp.DateTrunc,
    exp.Count, exp.CountIf, exp.Sum, exp.Min, exp.Max, exp.ArgMax, exp.ArgMin, exp.ArrayAgg,
    exp.LogicalAnd, exp.LogicalOr,
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue,
})  # fmt: skip
_TYPES = frozenset({
    exp.DType.BIGINT, exp.DType.INT, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR,
    exp.DType.BOOLEAN, exp.DType.DATE, exp.DType.TIMESTAMPTZ, exp.DType.INTERVAL,
})  # fmt: skip


class StatementError(ValueError):
    """The statement says something it may not; the message names it."""


@dataclass(frozen=True)
class Statement:
    """A statement whose every part is allowed. `sql` is what runs.

    `tables`: those of the rule it reads. `names`: every name in it, in lower case; None where it
    asks for all columns of something.
    """

    sql: str
    columns: tuple[str, ...]
    tables: frozenset[str]
    names: frozenset[str] | None
    binds: frozenset[str]


def parse(text: str, tables: Collection[str]) -> Statement:
    """Read a statement over `tables`. Raises `StatementError`."""
    tree = _tree(text)
    nodes = list(tree.walk())
    if len(nodes) > LARGEST:
        raise StatementError(f"it has more than {LARGEST:,} parts")
    made = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    if shadowed := sorted(made & {name.lower() for name in tables}):
        raise StatementError(
            f"'{shadowed[0]}' is a table of the rule; call what you make otherwise"
        )
    for node in nodes:
        if problem := _problem(node, {name.lower() for name in tables} | made):
            raise StatementError(problem)
    columns = tuple(name.lower() for name in tree.named_selects)
    if not all(columns) or "*" in columns:
        raise StatementError("every column it gives needs a name: expression AS column, not *")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise StatementError(f"it gives {twice[0]} twice")
    read = {table.name.lower() for table in tree.find_all(exp.Table)}
    return Statement(
        tree.sql(dialect="duckdb", comments=False),
        columns,
        frozenset(name for name in tables if name.lower() in read),
        None if any(map(_asks_for_all, nodes)) else frozenset(_names(nodes)),
        frozenset(node.name for node in tree.find_all(exp.Placeholder)),
    )


def _tree(text: str) -> exp.Query:
    if len(text) > LONGEST:
        raise StatementError(f"it is longer than {LONGEST:,} characters")
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        where = f" in line {first['line']} of it" if first.get("line") else ""
        raise StatementError(f"not SQL{where}: {first.get('description', error)}") from error
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise StatementError("not SQL: not closed somewhere, or nested too deeply") from error
    if len(trees) != 1:
        raise StatementError(f"it is one SELECT, found {len(trees)} statements")
    tree = trees[0]
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise StatementError(f"it is one SELECT, found {tree.key.upper()}")
    return tree


def _problem(node: exp.Expr, tables: Collection[str]) -> str | None:
    """What is not allowed about one node of the tree."""
    if isinstance(node, exp.Table):
        return _problem_of_table(node, tables)
    if isinstance(node, exp.DataType):
        told = node.sql(dialect="duckdb")
        return None if node.this in _TYPES else f"no type {told}; quantities are DECIMAL(38, 9)"
    if isinstance(node, exp.Placeholder) and node.name not in BINDS:
        return f"it is given ${' and $'.join(BINDS)}, no other value"
    if isinstance(node, exp.With) and node.args.get("recursive"):
        return "no WITH RECURSIVE: it could run for ever"
    if type(node) in _SHAPES or type(node) in _FUNCTIONS:
        return None
    if isinstance(node, exp.Anonymous):
        return f"no function {node.name.lower()}"
    kind = "function " if isinstance(node, exp.Func) else ""
    return f"no {kind}{node.key.upper()}: {node.sql(dialect='duckdb')[:60]}"


def _problem_of_table(table: exp.Table, tables: Collection[str]) -> str | None:
    plain = isinstance(table.this, exp.Identifier) and not table.args.get("db")
    if plain and table.name.lower() in tables:
        return None
    told = table.sql(dialect="duckdb")[:60]
    return f"it reads from the tables of its rule ({', '.join(sorted(tables))}), not from {told}"


def _asks_for_all(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count)


def _names(nodes: list[exp.Expr]) -> Iterator[str]:
    return (node.name.lower() for node in nodes if isinstance(node, exp.Identifier))
