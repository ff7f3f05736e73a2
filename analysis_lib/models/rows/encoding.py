"""The right side of a formula, encoded: which numbers stand in each design column, and what readers call it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed
from analysis_lib.models.rows.column_facts import PartFacts, plain_column
from analysis_lib.models.rows.expression import refuse_sums_of_truth
from analysis_lib.models.rows.source import Rows
from analysis_lib.tables import column_in_words

__all__ = ["Encoding", "Recipe", "encoding_of"]

#: Functions whose result for one row depends on all rows.
STATEFUL = re.compile(r"\b(bs|cr|cc|cs|poly|center|scale|standardize)\s*\(")
#: What stands between the colons of a term; those of levels stand in brackets.
_FACTORS = re.compile(r"(?:[^:\[(]|\[[^\]]*\]|\([^)]*\))+")
_PLAIN_LEVELS = re.compile(r"C\(\s*(`[^`]+`|[^\W\d]\w*)\s*\)")


@dataclass(frozen=True)
class Recipe:
    """What makes one design column.

    Attributes
    ----------
    kind : {"one", "number", "level", "derived"}
        The intercept; a column as it is; whether a category is at a level; or an expression worked out by formulaic.
    column : str
        Column of the data, for numbers and levels.
    level : int
        Place of the level, for levels; place among the expressions' columns, for those.
    """

    kind: Literal["one", "number", "level", "derived"]
    column: str = ""
    level: int = 0


@dataclass(frozen=True, eq=False)
class Encoding:
    """The right side of a formula, ready for rows.

    Attributes
    ----------
    terms, words : tuple of str
        Design columns as formulaic names them, and for readers.
    term_of : tuple of str
        The term of the formula that each design column belongs to: ``C(sex)``.
    levels : dict of str to tuple of str
        Levels of each category that a term consists of, the reference first.
    recipes : tuple of Recipe
        What makes each column.
    categories : dict of str to Index
        Levels in order, of each column taken by levels.
    derived : ModelSpec or None
        formulaic's own recipe for the expressions; None where there are none.
    owners : dict of str to str
        How columns stand in the formula by themselves: "number" or "level".
    """

    terms: tuple[str, ...]
    words: tuple[str, ...]
    term_of: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    recipes: tuple[Recipe, ...]
    categories: Mapping[str, pd.Index]
    derived: Any
    owners: Mapping[str, str]

    def sources(self, frame: pd.DataFrame) -> tuple[npt.NDArray[Any], ...]:
        """Take from rows what the design columns are copied from.

        Parameters
        ----------
        frame : DataFrame
            Complete cases, plain columns.

        Returns
        -------
        tuple of ndarray
            One per design column; levels of one category share their codes.

        Raises
        ------
        ModelInputError
            If a category has an unknown level, or an expression is not finite.
        """
        codes = {name: _codes(frame[name], known=known, name=name) for name, known in self.categories.items()}
        made = self._made(frame)
        found: list[npt.NDArray[Any]] = []
        for recipe in self.recipes:
            if recipe.kind == "one":
                found.append(np.empty(0))
            elif recipe.kind == "number":
                found.append(frame[recipe.column].to_numpy())
            elif recipe.kind == "level":
                found.append(codes[recipe.column])
            else:
                found.append(made[:, recipe.level])
        return tuple(found)

    def _made(self, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
        if self.derived is None or frame.empty:
            return np.empty((len(frame), sum(recipe.kind == "derived" for recipe in self.recipes)))
        made = _worked_out(self.derived, frame, levels=self.categories)
        values = np.asfortranarray(made, dtype=np.float64)
        wrong = ~np.isfinite(values)
        if wrong.any():
            names = [term for term, recipe in zip(self.terms, self.recipes, strict=True) if recipe.kind == "derived"]
            first = names[int(np.flatnonzero(wrong.any(axis=0))[0])]
            raise ModelInputError(
                f"a covariate must be finite; '{first}' is not in {int(wrong.any(axis=1).sum()):,} rows. Look at "
                "logarithms of zero, roots of negative numbers and divisions by zero, or set these missing."
            )
        return values


def _worked_out(spec: Any, frame: pd.DataFrame, *, levels: Collection[str]) -> Any:
    """Let formulaic work out a specification; `levels` are columns whose levels keep their names."""
    from formulaic.errors import FormulaicError

    try:
        with np.errstate(all="ignore"):
            return spec.get_model_matrix(_widened(frame, levels=levels), output="numpy", context={})
    except (FormulaicError, ValueError, TypeError, KeyError, ArithmeticError, np.linalg.LinAlgError) as error:
        raise ModelInputError(
            f"an expression in the formula cannot be worked out; found {type(error).__name__} in "
            f"{listed([str(term) for term in spec.formula])}. Look at its arguments and at the type of its columns; a "
            "spline takes only values inside the range it was fitted on."
        ) from None


def _widened(frame: pd.DataFrame, *, levels: Collection[str]) -> pd.DataFrame:
    """Take narrow numbers to wide ones: 100 ** 2 is 16 among integers of 8 bits; 32 bits keep 7 digits of a sum."""
    wide = {}
    for name, column in frame.items():
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
            kept = np.dtype(np.int64) if column.dtype.kind in "iu" else column.dtype
            wide[name] = kept if name in levels else np.dtype(np.float64)
    return frame.astype(wide) if wide else frame


def _codes(column: pd.Series, *, known: pd.Index, name: str) -> npt.NDArray[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        places = known.get_indexer(column.cat.categories)
        codes = np.append(places, -1)[column.cat.codes.to_numpy()]  # a missing value has code -1: the last
    else:
        codes = known.get_indexer(pd.Index(column))
    if (codes < 0).any():
        raise ModelInputError(
            f"column '{name}' has levels that the model does not know, in {int((codes < 0).sum()):,} rows; known are "
            f"{listed([str(level) for level in known])}. Leave these rows out, or fit the model with them."
        )
    return codes.astype(np.int16 if len(known) < 30_000 else np.int64)


def encoding_of(
    right: str, rows: Rows, *, facts: PartFacts, columns: Sequence[str], units: Mapping[str, str]
) -> Encoding:
    """Encode the right side of a formula.

    Parameters
    ----------
    right : str
        Checked already.
    rows : Rows
        The data; read only where an expression has a state.
    facts : PartFacts
        What the columns hold in the complete cases.
    columns : sequence of str
        All columns whose missing values leave a row out.
    units : mapping of str to str
        Unit by column.

    Returns
    -------
    Encoding
        The same for every part of the rows.

    Raises
    ------
    ModelInputError
        If an expression cannot be worked out.
    """
    spec = _learned(right, rows, facts=facts, columns=columns)
    recipes: list[Recipe] = []
    term_of: list[str] = []
    categories: dict[str, pd.Index] = {}
    owners: dict[str, str] = {}
    derived: list[Any] = []
    n_derived = 0
    for structure in spec.structure:
        plain = _plain_recipes(structure, facts=facts)
        if plain is None:
            derived.append(structure.term)
            plain = [Recipe("derived", level=n_derived + place) for place in range(len(structure.columns))]
            n_derived += len(structure.columns)
        recipes += plain
        name_of_term = "Intercept" if _is_intercept(structure.term) else str(structure.term)
        term_of += [name_of_term] * len(structure.columns)
        name, kind = _taken_by_itself(structure.term, facts)
        if kind:
            owners[name] = kind
    for name, column in facts.columns.items():
        if column.levels:  # inside an expression too, a level that the model does not know is refused
            categories[name] = pd.Index(list(column.levels))
    terms = tuple(str(name) for name in spec.column_names)
    words, levels = _in_words(terms, recipes, facts=facts, units=units)
    return Encoding(
        terms=terms,
        words=words,
        term_of=tuple(term_of),
        levels=levels,
        recipes=tuple(recipes),
        categories=categories,
        derived=spec.subset(derived) if derived else None,
        owners=owners,
    )


def _plain_recipes(structure: Any, *, facts: PartFacts) -> list[Recipe] | None:
    """Say how to make the columns of a term without formulaic; None where only formulaic can."""
    if _is_intercept(structure.term):
        return [Recipe("one")]
    name, kind = _taken_by_itself(structure.term, facts)
    if not kind:
        return None
    if kind == "number":
        return [Recipe("number", name)]
    count = len(facts.columns[name].levels)
    first = count - len(structure.columns)  # 1 where the reference is left out, 0 where all levels stand
    return [Recipe("level", name, level) for level in range(first, count)] if first in {0, 1} else None


def _is_intercept(term: Any) -> bool:
    """Tell the intercept from a column that is called 1."""
    return len(term.factors) == 1 and term.factors[0].expr == "1" and term.factors[0].eval_method.value == "literal"


def _taken_by_itself(term: Any, facts: PartFacts) -> tuple[str, str]:
    """Give the column that a term consists of, and whether as a number or by levels; empty for anything else."""
    if len(term.factors) != 1:
        return "", ""
    expression = term.factors[0].expr
    wrapped = _PLAIN_LEVELS.fullmatch(expression)
    name = wrapped[1].strip("`") if wrapped else expression
    if name not in facts.columns:
        return "", ""
    return name, "level" if wrapped else facts.columns[name].kind


def _learned(right: str, rows: Rows, *, facts: PartFacts, columns: Sequence[str]) -> Any:
    """Let formulaic learn the structure from rows that show every level, and states from all rows."""
    from formulaic import Formula, ModelSpec

    formula = Formula(right)
    spec = ModelSpec(formula=formula, output="numpy", na_action="ignore")
    needed = list(facts.columns)
    small = _showing_all_levels(rows, facts, names=needed, columns=columns)
    state = {}
    truths = [name for name in needed if small[name].dtype == bool]
    for expression in dict.fromkeys(factor.expr for term in formula for factor in term.factors):
        if str(expression) not in facts.columns:
            refuse_sums_of_truth(str(expression), truths)
        if STATEFUL.search(str(expression)):
            state.update(_state_over_all(str(expression), rows, columns=columns, facts=facts))
    # The state is copied into the recipe before the small frame is worked out, so that it is used, not learned anew.
    levels = [name for name, column in facts.columns.items() if column.levels]
    return _worked_out(spec.update(transform_state=state), small, levels=levels).model_spec


def _showing_all_levels(rows: Rows, facts: PartFacts, *, names: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Take a few rows and set categories so that each level is there: formulaic learns the levels from them."""
    taken: list[pd.DataFrame] = []
    for part in rows.parts:
        frame = part(list(columns))
        found = frame.iloc[:500].dropna()
        taken.append((found if len(found) else frame.dropna())[list(names)].iloc[:50])
        if sum(map(len, taken)) >= 20:
            break
    base = pd.concat(taken, ignore_index=True)
    most = max([len(facts.columns[name].levels) for name in names] + [len(base)])
    base = base.iloc[np.arange(most) % len(base)].reset_index(drop=True)
    shown = {}
    for name in names:
        column = plain_column(base[name])
        levels = list(facts.columns[name].levels)
        if levels:
            cycle = np.arange(most) % len(levels)
            as_category = pd.Categorical.from_codes(cycle, categories=pd.Index(levels))
            kept = facts.columns[name].kind == "level"
            column = pd.Series(as_category if kept else np.asarray(levels)[cycle])
        shown[name] = column
    return pd.DataFrame(shown)


def _state_over_all(expression: str, rows: Rows, *, columns: Sequence[str], facts: PartFacts) -> dict[str, Any]:
    """Learn what a spline or a scaling keeps, from the complete cases of all rows."""
    from formulaic import Formula, ModelSpec

    formula = Formula(f"0 + {expression}")
    needed = [name for name in facts.columns if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression)]
    parts = []
    for part in rows.read(list(columns)):
        complete = part.dropna()
        parts.append(pd.DataFrame({name: plain_column(complete[name]) for name in needed}))
    whole = pd.concat(parts, ignore_index=True)
    spec = ModelSpec(formula=formula, output="numpy", na_action="ignore")
    return dict(_worked_out(spec, whole, levels=()).model_spec.transform_state)


def _in_words(
    terms: Sequence[str], recipes: Sequence[Recipe], *, facts: PartFacts, units: Mapping[str, str]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    words: list[str] = []
    levels: dict[str, tuple[str, ...]] = {}
    for term, recipe in zip(terms, recipes, strict=True):
        label = column_in_words(recipe.column, units.get(recipe.column, "1")) if recipe.column else term
        if recipe.kind == "level":
            known = tuple(str(level) for level in facts.columns[recipe.column].levels)
            levels[recipe.column] = known
            has_reference = not any(
                other.kind == "level" and other.column == recipe.column and other.level == 0 for other in recipes
            )
            label = f"{label}: {known[recipe.level]}" + (f" vs {known[0]}" if has_reference else "")
        words.append(label)
    return _products_in_words(terms, words), levels


def _products_in_words(terms: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """Write a product of terms that stand in the formula by themselves too in their words."""
    known = dict(zip(terms, words, strict=True))
    found = []
    for term, own in known.items():
        factors = _FACTORS.findall(term)
        is_product = own == term and len(factors) > 1 and all(factor in known for factor in factors)
        found.append(" \N{MULTIPLICATION SIGN} ".join(known[factor] for factor in factors) if is_product else own)
    return tuple(found)
