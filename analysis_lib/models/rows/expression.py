"""Expressions in formulas: the left side as numbers, worked out without executing text; what the right must not add."""

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rows.column_facts import plain_column
from analysis_lib.models.rows.formula import parsed_expression

__all__ = ["refuse_sums_of_truth", "response_values"]

FloatArray = npt.NDArray[np.float64]

_BINARY: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: Mapping[type[ast.AST], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.Invert: operator.invert}
_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "I": lambda value: value,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
}


def response_values(expression: str, frame: pd.DataFrame) -> FloatArray:
    """Work out the left side of a formula.

    Parameters
    ----------
    expression : str
        A column, or arithmetic and comparisons of columns that `parse_formula` has let pass.
    frame : DataFrame
        Complete cases with its columns.

    Returns
    -------
    ndarray of float64, shape (n,)
        Truth values are 1 and 0.

    Raises
    ------
    ModelInputError
        If the outcome is text or a category, is no number, or the expression calls what works on covariates only.
    """
    tree, quoted = parsed_expression(expression)
    with np.errstate(all="ignore"):
        found = _value(tree.body, frame, quoted=quoted)
    column = plain_column(found) if isinstance(found, pd.Series) else pd.Series(found, index=frame.index)
    if not (isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"):
        raise ModelInputError(
            f"the outcome must be a number or a bool; '{expression}' is {column.dtype}. Compare it with the level that "
            f"counts: \"I(outcome == 'yes') ~ …\"."
        )
    return column.to_numpy(dtype=np.float64)


def _number(value: Any) -> Any:
    """Count in float64: integers of few bits run over, and pandas takes a sum of truth values for 'or'."""
    if isinstance(value, pd.Series) and isinstance(value.dtype, np.dtype) and value.dtype.kind in "biuf":
        return value.astype(np.float64)
    return value


def _value(node: ast.AST, frame: pd.DataFrame, *, quoted: Mapping[str, str]) -> Any:
    if isinstance(node, ast.Name):
        return plain_column(frame[quoted.get(node.id, node.id)])
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = (_value(side, frame, quoted=quoted) for side in (node.left, node.right))
        if not isinstance(node.op, ast.BitAnd | ast.BitOr):
            left, right = _number(left), _number(right)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _BINARY:
        compare = _BINARY[type(node.ops[0])]
        return compare(_value(node.left, frame, quoted=quoted), _value(node.comparators[0], frame, quoted=quoted))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_value(node.operand, frame, quoted=quoted))
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if isinstance(node, ast.Call) and name in _FUNCTIONS and len(node.args) == 1 and not node.keywords:
        return _FUNCTIONS[name](_value(node.args[0], frame, quoted=quoted))
    raise ModelInputError(
        f"the left side of a formula takes columns, arithmetic, comparisons and {', '.join(_FUNCTIONS)}; found "
        f"{name or type(node).__name__}. Make a column of it first."
    )


def refuse_sums_of_truth(expression: str, truths: Collection[str]) -> None:
    """Refuse a sum of truth values on the right side, which pandas takes for 'or': two diagnoses would count as one.

    Parameters
    ----------
    expression : str
        A factor of a term.
    truths : collection of str
        Columns of bools.

    Raises
    ------
    ModelInputError
        If both sides of a plus, or what stands behind a minus, are true or false.
    """
    tree, quoted = parsed_expression(expression)
    known = {stand_in for stand_in, name in quoted.items() if name in truths} | set(truths)
    for node in ast.walk(tree):
        sides: list[ast.AST] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sides = [node.operand]
        if sides and all(_is_truth(side, known) for side in sides):
            raise ModelInputError(
                f"truth values must be numbers to be added up; found '{expression}', where + would mean 'or'. Write "
                "I(1 * a + 1 * b), or make a column of the sum."
            )


def _is_truth(node: ast.AST, truths: Collection[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in truths
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        return _is_truth(node.left, truths) and _is_truth(node.right, truths)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        return _is_truth(node.operand, truths)
    return isinstance(node, ast.Compare)
