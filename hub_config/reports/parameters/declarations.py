"""What a report may be told: typed parameters, read from the parameters cell by parsing, never by executing.

A parameter is one line, ``name: type = literal  # range; help``. The same declaration drives `report inspect`, the
checks on ``-p`` and on a YAML file, the form of the Reports page and the API's JSON Schema, so that all of them accept
and refuse the same values.

``Dataset``, ``Cohort`` and ``Secret`` are no Python types anywhere, so the cell writes them in quotes: Python then
evaluates the text, not the name, and the cell runs in every kernel.
"""

import ast
import builtins
import io
import keyword
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from hub_config.errors import ParametersCellError
from hub_config.reports.parameters.dates import is_date
from hub_config.reports.parameters.ranges import RangeError, read_range
from hub_config.reports.parameters.values import (
    LIST_ITEMS,
    SCALARS,
    ParameterType,
    why_not,
    with_declared_type,
)

__all__ = ["Parameter", "read_parameters", "why_no_name"]

# Importing these three puts nothing but type names into the cell; without them Lab could not run a `Literal[...]`.
TYPE_MODULES = ("typing", "datetime", "__future__")
# A `str` with a date as its default and these words in its comment is checked as a date.
DATE_WORDS = re.compile(r"ISO\s*-?8601|YYYY-MM-DD", re.IGNORECASE)


@dataclass(frozen=True)
class Parameter:
    """One line of the parameters cell.

    Parameters
    ----------
    name : str
        A Python identifier.
    type : ParameterType
        What values it takes.
    default : object
        The literal written in the template; of the declared type.
    help : str
        The comment behind it without the range at its head, or ''.
    """

    name: str
    type: ParameterType
    default: Any
    help: str = ""

    @property
    def label(self) -> str:
        """The name in words."""
        words = self.name.replace("_", " ").strip() or self.name
        return words[0].upper() + words[1:]

    def to_dict(self) -> dict[str, Any]:
        """Give the parameter as types that JSON knows.

        Returns
        -------
        dict
            Keys name, type (text), kind, item, choices, optional, default, help, range (None, or as `Range.to_dict`)
            and unit.
        """
        return {
            "name": self.name,
            "type": self.type.text,
            "kind": self.type.kind,
            "item": self.type.item,
            "choices": list(self.type.choices),
            "optional": self.type.optional,
            "default": self.default,
            "help": self.help,
            "range": self.type.range.to_dict() if self.type.range.text else None,
            "unit": self.type.range.unit,
        }


def why_no_name(name: str) -> str | None:
    """Say why `name` cannot name a parameter.

    papermill writes the name into a cell as it stands, so a name that is not an identifier is code.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    str or None
        The reason, or None if the name is a plain ASCII identifier that Python does not keep for itself.
    """
    if not (name.isidentifier() and name.isascii()):
        return "it is not a plain identifier (letters, digits, underscore; no digit first)"
    if keyword.iskeyword(name):
        return "it is a word of the Python language"
    if name.startswith("__"):
        return "names that begin with two underscores belong to Python"
    return None


def read_parameters(source: str) -> tuple[Parameter, ...]:
    """Read the parameters from the source of the parameters cell, without executing it.

    Parameters
    ----------
    source : str
        Python source: lines ``name: type = literal  # range; help``, comments, and imports of type names.

    Returns
    -------
    tuple of Parameter
        In the order written; may be empty.

    Raises
    ------
    ParametersCellError
        If the cell holds anything else: other code, a missing type, an unknown type or one that Python would not find
        when the cell runs, a default that is no literal or not of the type, a range that does not suit the type, or a
        name declared twice.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
        line = getattr(broken, "lineno", None)
        raise ParametersCellError(
            f"The parameters cell is not Python that can be read; found a fault in line {line or '?'}. "
            "Write one `name: type = literal  # help` per line, without magics."
        ) from broken
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    imported = _imported(tree)
    for statement in tree.body:
        if _is_type_import(statement) or _is_docstring(statement):
            continue
        parameter = _read_declaration(statement, comments)
        if parameter.name in found:
            raise ParametersCellError(
                f"Parameter {parameter.name!r} is declared twice; found again in line {statement.lineno} of the "
                "parameters cell. Keep one of the two."
            )
        found[parameter.name] = parameter
        _check_runs(statement, imported, name=parameter.name)
    return tuple(found.values())


def _comments(source: str) -> Mapping[int, str]:
    """Collect the comment of each line, by line number (1 is the first)."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {t.start[0]: t.string.lstrip("#").strip() for t in tokens if t.type == tokenize.COMMENT}
    return MappingProxyType(comments)


def _is_type_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module in TYPE_MODULES and not statement.level


def _imported(tree: ast.Module) -> frozenset[str] | None:
    """Give the names that the cell imports; None if it imports ``annotations``, which leaves types unevaluated."""
    imports = [statement for statement in tree.body if isinstance(statement, ast.ImportFrom)]
    if any(one.module == "__future__" and alias.name == "annotations" for one in imports for alias in one.names):
        return None
    return frozenset(alias.asname or alias.name for one in imports for alias in one.names)


def _check_runs(statement: ast.stmt, imported: frozenset[str] | None, *, name: str) -> None:
    """Refuse a type that this room knows, but that would be a NameError in Lab."""
    if imported is None or not isinstance(statement, ast.AnnAssign):
        return
    words = [node.id for node in ast.walk(statement.annotation) if isinstance(node, ast.Name)]
    missing = next((word for word in words if word not in imported and not hasattr(builtins, word)), None)
    if missing is not None:
        raise ParametersCellError(
            f"The type of parameter {name!r} would be unknown to Python when the cell runs; found {missing[:60]} in "
            f"line {statement.lineno} without an import. Write the type in quotes, or import it first."
        )


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _read_declaration(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter:
    line = statement.lineno
    if isinstance(statement, ast.Assign):
        raise ParametersCellError(
            f"A parameter has no type; found a plain assignment in line {line} of the parameters cell. "
            "Write `name: type = literal  # help`, for instance `washout_days: int = 365  # days without the drug`."
        )
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        raise ParametersCellError(
            f"The parameters cell may hold only `name: type = literal` lines; found {type(statement).__name__} in "
            f"line {line}. Move other code into the next cell."
        )
    name = statement.target.id
    reason = why_no_name(name)
    if reason is not None:
        raise ParametersCellError(f"A parameter cannot have the name in line {line}; {reason}. Rename it.")
    if statement.value is None:
        raise ParametersCellError(
            f"Parameter {name!r} has no default; found none in line {line} of the parameters cell. "
            "Give one that runs on the demo data."
        )
    try:
        default = ast.literal_eval(statement.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as not_literal:
        raise ParametersCellError(
            f"The default of parameter {name!r} is not a literal; found {type(statement.value).__name__} in line "
            f"{line}. Write the value itself; compute from it in the next cell."
        ) from not_literal
    comment = next((comments[n] for n in range(statement.end_lineno or line, line - 1, -1) if n in comments), "")
    declared = _narrow_to_date(_read_type(statement.annotation, name), default, help_text=comment)
    declared, help_text = _with_range(declared, comment, name=name)
    wrong = why_not(declared, default)
    if wrong is not None:
        raise ParametersCellError(
            f"The default of parameter {name!r} does not fit its type {declared.text}; {wrong}. Correct line {line}."
        )
    return Parameter(name, declared, with_declared_type(declared, default), help=help_text)


def _with_range(declared: ParameterType, comment: str, *, name: str) -> tuple[ParameterType, str]:
    is_list = declared.kind == "list"
    try:
        found, help_text = read_range(comment, kind=str(declared.item) if is_list else declared.kind, is_list=is_list)
    except RangeError as unfit:
        raise ParametersCellError(f"Parameter {name!r} has a range that cannot be used; {unfit}.") from unfit
    return replace(declared, range=found), help_text


def _narrow_to_date(declared: ParameterType, default: object, *, help_text: str) -> ParameterType:
    if declared.kind == "str" and isinstance(default, str) and is_date(default) and DATE_WORDS.search(help_text):
        return replace(declared, kind="date")
    return declared


def _read_type(annotation: ast.expr, name: str) -> ParameterType:
    """Translate an annotation; quoted ones are parsed too, as they keep Lab from evaluating them."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
            raise _unknown_type(name) from broken
    bare, optional = _without_none(annotation)
    declared = _read_bare_type(bare, name)
    return replace(declared, optional=optional)


def _without_none(annotation: ast.expr) -> tuple[ast.expr, bool]:
    """Take `T` out of ``T | None``, ``None | T`` and ``Optional[T]``."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        for side, other in ((annotation.left, annotation.right), (annotation.right, annotation.left)):
            if isinstance(side, ast.Constant) and side.value is None:
                return other, True
    if isinstance(annotation, ast.Subscript) and _last_name(annotation.value) == "Optional":
        return annotation.slice, True
    return annotation, False


def _read_bare_type(annotation: ast.expr, name: str) -> ParameterType:
    word = _last_name(annotation)
    if word in SCALARS:
        return ParameterType(word)
    if isinstance(annotation, ast.Subscript):
        outer = _last_name(annotation.value)
        if outer in {"list", "List"}:
            return _list_of(annotation.slice, name)
        if outer == "Literal":
            return ParameterType("choice", choices=_choices(annotation.slice, name))
    raise _unknown_type(name)


def _list_of(item: ast.expr, name: str) -> ParameterType:
    if isinstance(item, ast.Constant) and isinstance(item.value, str):  # list["Dataset"]
        item = ast.Name(item.value)
    declared = _read_bare_type(item, name)
    if declared.kind not in {*LIST_ITEMS, "choice"}:
        raise _unknown_type(name)
    return replace(declared, kind="list", item=declared.kind)


def _last_name(node: ast.expr) -> str | None:
    """The word itself of ``Literal`` and of ``typing.Literal``."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _choices(node: ast.expr, name: str) -> tuple[str | int, ...]:
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    values = [item.value if isinstance(item, ast.Constant) else None for item in items]
    kinds = {type(value) for value in values}
    if kinds not in ({str}, {int}) or len(set(values)) != len(values):
        raise ParametersCellError(
            f"The choices of parameter {name!r} cannot be used; found {len(values)} that are not all different texts, "
            "or all different whole numbers. Write for instance Literal['efron', 'breslow']."
        )
    return tuple(value for value in values if isinstance(value, str | int))


def _unknown_type(name: str) -> ParametersCellError:
    return ParametersCellError(
        f"Parameter {name!r} has a type that reports do not know. Use one of {', '.join(SCALARS)}, Literal[...], "
        f"list[...] of {', '.join(LIST_ITEMS)} or Literal[...], or one of these with `| None`."
    )
