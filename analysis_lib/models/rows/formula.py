"""Formulas: what may stand in one, and what its left side asks for. Nothing a user writes is executed.

The right side is parsed by formulaic, which would evaluate any Python expression; so each expression is parsed first,
and only arithmetic, numbers, texts, columns and the transformations of `FUNCTIONS` pass.
"""

import ast
import difflib
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns

__all__ = [
    "FUNCTIONS",
    "Formula",
    "SurvivalFormula",
    "has_follow_up",
    "parse_formula",
    "parsed_expression",
    "survival_formula",
]

#: What a formula may call: formulaic's transformations, without those that depend on the order of rows.
FUNCTIONS = (
    *("C", "bs", "cr", "cc", "cs", "poly", "center", "scale", "standardize", "I"),
    *("log", "log2", "log10", "exp", "exp2", "exp10", "sqrt", "abs"),
    *("Treatment", "Sum", "Helmert", "Diff", "Poly"),
)
_CONTRASTS = ("treatment", "sum", "helmert", "diff", "poly")
_LONGEST = 20_000
_LARGEST_POWER = 20
_HIGHEST_ORDER = 4
_MOST_CROSSINGS = 60
_NODES = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Constant, ast.Name, ast.Load, ast.Call),
    *(ast.keyword, ast.List, ast.Tuple, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv),
    *(ast.USub, ast.UAdd, ast.Not, ast.Invert, ast.BitAnd, ast.BitOr, ast.And, ast.Or),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
)
_QUOTED = re.compile(r"`([^`]*)`")
_FOLLOW_UP = re.compile(r"\s*Surv\s*\((.*)\)\s*", flags=re.DOTALL)


@dataclass(frozen=True)
class Formula:
    """A formula in its two halves.

    Attributes
    ----------
    response : str
        The left side as written: a column or an expression of columns.
    right : str
        The right side, for formulaic.
    columns : tuple of str
        Columns that the right side names, in order of appearance.
    response_columns : tuple of str
        Columns that the left side names.
    """

    response: str
    right: str
    columns: tuple[str, ...]
    response_columns: tuple[str, ...]


@dataclass(frozen=True)
class SurvivalFormula:
    """A formula whose left side is ``Surv(time, event)`` or ``Surv(start, stop, event)``.

    Attributes
    ----------
    start : str or None
        Column with the beginning of follow-up (left truncation, counting process); None where all begin at 0.
    stop : str
        Column with the end of follow-up.
    event : str
        Column with whether, or with what, follow-up ended.
    right : str
        The right side without ``strata(...)`` and ``cluster(...)``; "1" where nothing is left.
    columns : tuple of str
        Columns of the right side, without those of strata and cluster.
    strata : tuple of str
        Columns named in ``strata(...)``.
    cluster : str or None
        The column named in ``cluster(...)``.
    """

    start: str | None
    stop: str
    event: str
    right: str
    columns: tuple[str, ...]
    strata: tuple[str, ...]
    cluster: str | None


def parse_formula(text: str, columns: Sequence[str], *, needs_response: bool = True) -> Formula:
    """Split a formula and refuse what must not stand in it.

    Parameters
    ----------
    text : str
        Such as ``"event ~ age + C(sex) + bs(bmi, df=4)"``; names that are no Python names stand in backticks.
    columns : sequence of str
        Columns of the data.
    needs_response : bool, default True
        Whether there must be a left side.

    Returns
    -------
    Formula
        Its columns are all known.

    Raises
    ------
    ModelInputError
        If it is no formula, calls what is not in `FUNCTIONS`, or names an unknown column.
    """
    left, right = _halves(text)
    if needs_response and not left:
        raise ModelInputError(
            'a formula needs a left side; found none. Write the outcome first: "outcome ~ age + C(sex)".'
        )
    right = right or "1"
    if not needs_response and left:
        raise ModelInputError("this formula takes no left side; found one. Write the right side only.")
    return Formula(
        response=left,
        right=right,
        columns=tuple(dict.fromkeys(_columns_of_right(right, columns))),
        response_columns=tuple(dict.fromkeys(_checked(left, columns))) if left else (),
    )


def has_follow_up(text: str) -> bool:
    """Say whether a formula is of survival times: its left side is ``Surv(...)``.

    Parameters
    ----------
    text : str
        As for `survival_formula`.

    Returns
    -------
    bool
        Whether it is; its columns are not looked at.

    Raises
    ------
    ModelInputError
        If it has not one "~".
    """
    return _FOLLOW_UP.fullmatch(_halves(text)[0]) is not None


def survival_formula(text: str, columns: Sequence[str]) -> SurvivalFormula:
    """Split a formula of survival times.

    Parameters
    ----------
    text : str
        Such as ``"Surv(start, stop, event) ~ age + C(sex) + strata(site)"``.
    columns : sequence of str
        Columns of the data.

    Returns
    -------
    SurvivalFormula
        Its columns are all known.

    Raises
    ------
    ModelInputError
        If the left side is not ``Surv`` of two or three columns, or the right side is refused by `parse_formula`.
    """
    left, right = _halves(text)
    inside = _FOLLOW_UP.fullmatch(left)
    names = [_plain(part) for part in _split(inside[1], ",")] if inside else []
    if len(names) not in {2, 3} or not all(names):
        raise ModelInputError(
            "the left side must be Surv(time, event) or Surv(start, stop, event) with columns of the data; found "
            "something else. Make a column of each first; names that are no Python names stand in `backticks`."
        )
    for name in names:
        _known(name, columns)
    strata: list[str] = []
    cluster: list[str] = []
    kept: list[str] = []
    for term in _split(right, "+"):
        special = re.fullmatch(r"\s*(strata|cluster)\s*\((.*)\)\s*", term, flags=re.DOTALL)
        if special is None:
            kept.append(term)
            continue
        inner = [_plain(part) for part in _split(special[2], ",")]
        for name in inner:
            _known(name, columns)
        (strata if special[1] == "strata" else cluster).extend(inner)
    if len(cluster) > 1:
        raise ModelInputError(f"rows are clustered by one column; found {len(cluster)}. Make one column of them.")
    rest = "+".join(kept).strip() or "1"
    return SurvivalFormula(
        start=names[0] if len(names) == 3 else None,
        stop=names[-2],
        event=names[-1],
        right=rest,
        columns=tuple(dict.fromkeys(_columns_of_right(rest, columns))),
        strata=tuple(dict.fromkeys(strata)),
        cluster=cluster[0] if cluster else None,
    )


def _halves(text: str) -> tuple[str, str]:
    if not isinstance(text, str):
        raise ModelInputError(
            f'a formula is a text such as "event ~ age + C(sex)"; found {type(text).__name__}. Write it in quotes.'
        )
    if len(text) > _LONGEST:
        raise ModelInputError(
            f"a formula has at most {_LONGEST:,} signs; found {len(text):,}. For thousands of covariates use "
            "elastic_net, which takes a matrix."
        )
    halves = _split(text, "~")
    if len(halves) != 2 or not (halves[0].strip() or halves[1].strip()):
        raise ModelInputError(
            f'a formula has one "~" between outcome and covariates; found {len(halves) - 1}. Write it as '
            '"event ~ age + C(sex)".'
        )
    return halves[0].strip(), halves[1].strip()


def _split(text: str, sign: str) -> list[str]:
    """Split at a sign that stands outside brackets, quotes and backticks."""
    parts, depth, quote, last = [], 0, "", 0
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "`'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == sign and depth == 0:
            parts.append(text[last:index])
            last = index + 1
    return [*parts, text[last:]]


def _plain(text: str) -> str:
    """Take a name out of its backticks; empty where it is not one name."""
    stripped = text.strip()
    quoted = _QUOTED.fullmatch(stripped)
    if quoted:
        return quoted[1]
    return stripped if stripped.isidentifier() else ""


def _columns_of_right(right: str, columns: Sequence[str]) -> Iterator[str]:
    from formulaic.errors import FormulaicError
    from formulaic.parser.types import Factor

    if "{" in _QUOTED.sub("", right):
        raise ModelInputError("a formula takes no braces; found some. Use I(...) for arithmetic.")
    _check_expansion(right)
    for name in _QUOTED.findall(right):
        if name == "Intercept" or re.fullmatch(r"[\d.]+", name):
            _refuse_taken(name)
    try:
        terms = _parsed(right)
    except (FormulaicError, SyntaxError, ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise ModelInputError(
            f"the right side of the formula cannot be read; found {type(error).__name__}. Write terms with + between "
            'them, such as "age + C(sex) + bs(bmi, df=4)"; names that are no Python names stand in `backticks`.'
        ) from None
    for term in terms:
        for factor in term.factors:
            if factor.eval_method is Factor.EvalMethod.LOOKUP:
                yield _known(factor.expr, columns)
            elif factor.eval_method is Factor.EvalMethod.PYTHON:
                yield from _checked(factor.expr, columns)


def _check_expansion(right: str) -> None:
    """Refuse interactions of very high order before they are multiplied out."""
    bare = _QUOTED.sub("", right)
    for order in re.findall(r"(?:\*\*|\^)\s*(\d+)", bare):
        if int(order) > _LARGEST_POWER:
            raise ModelInputError(f"a power in a formula is at most {_LARGEST_POWER}; found {order}. Write it smaller.")
    orders = [int(order) for order in re.findall(r"\)\s*(?:\*\*|\^)\s*(\d+)", bare)]
    if any(order > _HIGHEST_ORDER for order in orders) or bare.count("*") > _MOST_CROSSINGS:
        raise ModelInputError(
            f"interactions go up to order {_HIGHEST_ORDER}; found more. Write the products you need, such as a:b."
        )


def _parsed(right: str) -> list[Any]:
    from formulaic import Formula as Parsed
    from formulaic import SimpleFormula

    found = Parsed(right)
    if not isinstance(found, SimpleFormula):
        raise ValueError("several parts")
    return list(found)


def parsed_expression(expression: str) -> tuple[ast.Expression, dict[str, str]]:
    """Parse an expression of a formula without executing it.

    Parameters
    ----------
    expression : str
        Names that are no Python names stand in backticks.

    Returns
    -------
    tree : ast.Expression
        With a stand-in for each name in backticks.
    quoted : dict of str to str
        The name behind each stand-in.

    Raises
    ------
    ModelInputError
        If it cannot be read.
    """
    quoted: dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        name = f"quoted_{len(quoted)}_"
        quoted[name] = match[1]
        return name

    if keyword.iskeyword(expression.strip()):
        expression = f"`{expression.strip()}`"  # a column alone, such as 'yield'
    try:
        return ast.parse(_QUOTED.sub(placeholder, expression).strip(), mode="eval"), quoted
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ModelInputError(
            "an expression in the formula cannot be read; found a mistake in its brackets, signs or names. "
            "Names that are no Python names stand in `backticks`."
        ) from None


def _checked(expression: str, columns: Sequence[str]) -> Iterator[str]:
    """Walk through a Python expression, refuse what is not listed, and give the columns in it."""
    tree, quoted = parsed_expression(expression)
    called: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called.update(_called(node))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            _check_power(node)
    for node in ast.walk(tree):
        if id(node) in called:
            continue
        if isinstance(node, ast.Name):
            yield _known(quoted.get(node.id, node.id), columns)
        elif not isinstance(node, _NODES):
            raise ModelInputError(
                f"a formula holds columns, numbers and {', '.join(FUNCTIONS[:8])} …; found {type(node).__name__}. "
                "Make a column of it first."
            )


def _called(node: ast.Call) -> Iterator[int]:
    """Check what is called; give the ids of the nodes that name it, which are no columns."""
    function = node.func
    if isinstance(function, ast.Name):
        if function.id not in FUNCTIONS:
            near = difflib.get_close_matches(function.id, FUNCTIONS, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ModelInputError(
                f"a formula cannot call '{function.id}'; known are {', '.join(FUNCTIONS)}. {hint}Make a column of it "
                "first."
            )
        if function.id == "C" and not (node.args and isinstance(node.args[0], ast.Name)):
            raise ModelInputError("C() takes a column; found an expression. Make a column of it first.")
        yield id(function)
        return
    base = function.value if isinstance(function, ast.Attribute) else None
    if isinstance(base, ast.Name) and base.id == "contr" and getattr(function, "attr", "") in _CONTRASTS:
        yield id(function)
        yield id(base)
        return
    raise ModelInputError(
        f"a formula calls functions by their name; known are {', '.join(FUNCTIONS)}. Make a column of it first."
    )


def _check_power(node: ast.BinOp) -> None:
    power = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
    if not (isinstance(power, ast.Constant) and isinstance(power.value, int | float) and power.value <= _LARGEST_POWER):
        raise ModelInputError(
            f"a power in a formula is a number up to {_LARGEST_POWER}; found something else. Make a column of it first."
        )


def _refuse_taken(name: str) -> NoReturn:
    raise ModelInputError(
        f"a column in a formula cannot be called '{name}', which means something else there; found one. Rename it."
    )


def _known(name: str, columns: Sequence[str]) -> str:
    if name == "Intercept":
        _refuse_taken(name)
    return checked_columns([name], columns)[0]
