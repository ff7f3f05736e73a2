"""From what a person gives (``-p``, a YAML file, a form) to the checked values of one run."""

import datetime as dt
import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub_config.errors import ParameterNameError, ParametersFileError, ParameterValueError, UnknownParameterError
from hub_config.reports.parameters.choices import Choices, why_unknown
from hub_config.reports.parameters.declarations import Parameter, why_no_name
from hub_config.reports.parameters.typed_text import from_text
from hub_config.reports.parameters.values import why_not, with_declared_type

if TYPE_CHECKING:  # a template knows its parameters, so the import goes the other way
    from hub_config.reports.templates.templates import Template

__all__ = ["check_values", "read_assignments", "read_parameters_file", "resolve_parameters"]

LARGEST_FILE = 2**18  # bytes; PyYAML needs a second for this much
DEEPEST = 8  # a list in a mapping is 2


def resolve_parameters(
    template: "Template",
    *,
    texts: Mapping[str, str],
    values: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
    choices: Choices | None = None,
) -> dict[str, Any]:
    """Check what was given, and give the value of every parameter.

    Parameters
    ----------
    template : Template
        What declares them.
    texts : mapping of str to str
        As typed; these win over `values`.
    values : mapping, optional
        As a YAML file or a program gives them, already typed.
    at : datetime, optional
        The time in the project's zone: ``today`` in a range is its day, and datetimes without an offset are meant in
        its zone. Without it both are those of UTC.
    choices : Choices, optional
        Which data sets, cohorts and secrets exist; without it any name will do.

    Returns
    -------
    dict
        Every declared parameter, in the order declared: given value or default.

    Raises
    ------
    ParameterNameError
        If a name is not an identifier.
    UnknownParameterError
        If the template does not declare it.
    ParameterValueError
        If a value is not of the declared type or range, or names what does not exist.
    """
    known = {parameter.name: parameter for parameter in template.parameters}
    at = at or dt.datetime.now(dt.UTC)
    given = dict(values or {})
    for name, text in texts.items():
        parameter = _known(name, known)
        try:
            given[name] = from_text(parameter.type, text, today=at.date(), zone=at.tzinfo)
        except ValueError as unfit:
            raise _wrong_value(parameter, str(unfit)) from unfit
    defaults = {name: parameter.default for name, parameter in known.items()}
    return check_values(defaults | given, known=known, at=at, choices=choices)


def check_values(
    values: Mapping[str, Any],
    *,
    known: Mapping[str, Parameter],
    at: dt.datetime | None = None,
    choices: Choices | None = None,
) -> dict[str, Any]:
    """Check typed values against what is declared.

    Parameters
    ----------
    values : mapping
        By name.
    known : mapping of str to Parameter
        What the template declares.
    at : datetime, optional
        The time in the project's zone: ``today`` in a range is its day, and datetimes without an offset are meant in
        its zone. Without it both are those of UTC.
    choices : Choices, optional
        Which data sets, cohorts and secrets exist; without it any name will do.

    Returns
    -------
    dict
        The same values, each exactly of its declared type; datetimes with their offset.

    Raises
    ------
    ParameterNameError
        If a name is not an identifier.
    UnknownParameterError
        If the template does not declare it.
    ParameterValueError
        If a value is not of the declared type or range, or names what does not exist.
    """
    at = at or dt.datetime.now(dt.UTC)
    checked = {}
    for name, value in values.items():
        parameter = _known(name, known)
        wrong = why_not(parameter.type, value, today=at.date()) or why_unknown(parameter.type, value, choices=choices)
        if wrong is not None:
            raise _wrong_value(parameter, wrong)
        checked[name] = with_declared_type(parameter.type, value, zone=at.tzinfo)
    return checked


def _wrong_value(parameter: Parameter, wrong: str) -> ParameterValueError:
    return ParameterValueError(
        f"Parameter {parameter.name!r} has the type {parameter.type.text}; {wrong}. Give such a value."
    )


def _known(name: str, known: Mapping[str, Parameter]) -> Parameter:
    reason = why_no_name(name)
    if reason is not None:
        raise ParameterNameError(
            f"A parameter was given whose name cannot be one; {reason}. "
            f"Write name=value, with one of: {_listed(known)}."
        )
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise UnknownParameterError(
            f"The template has no parameter {name[:60]!r}; known are: {_listed(known)}. "
            f"{hint}See them with `cohorthub report inspect`."
        )
    return known[name]


def _listed(known: Iterable[str]) -> str:
    return ", ".join(known) or "none"


def read_assignments(words: Iterable[str]) -> dict[str, str]:
    """Take ``name=value`` words apart.

    Parameters
    ----------
    words : iterable of str
        As given behind ``-p``.

    Returns
    -------
    dict of str to str
        Text by name.

    Raises
    ------
    ParameterNameError
        If a word has no ``=``, or a name comes twice.
    """
    found: dict[str, str] = {}
    for number, word in enumerate(words, start=1):
        name, equals, text = word.partition("=")
        if not equals:
            raise ParameterNameError(
                f"-p number {number} is not name=value; found no '='. Write for instance -p washout_days=365."
            )
        if name in found:
            raise ParameterNameError(
                f"Parameter {name[:60]!r} is given twice; found again as -p number {number}. Keep one of the two."
            )
        found[name] = text
    return found


def read_parameters_file(path: Path) -> dict[str, Any]:
    """Read a YAML file of ``name: value`` lines. Dates and times come back as the text that was written.

    Parameters
    ----------
    path : Path
        A file of at most 256 KiB, in UTF-8; one document, no tags, anchors or aliases.

    Returns
    -------
    dict
        Values by name; empty for an empty file.

    Raises
    ------
    ParametersFileError
        If it cannot be read, is not a plain mapping, or has a name twice.
    """
    import yaml

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as refused:
        reason = getattr(refused, "strerror", None) or "not a path"
        raise ParametersFileError(
            f"The file of parameters cannot be read; {path}: {reason}. Check the path."
        ) from refused
    if len(content) > LARGEST_FILE:
        raise ParametersFileError(
            f"The file of parameters is too large; {path} has more than 256 KiB. Give values only."
        )
    try:
        return _load_mapping(content.decode("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as broken:
        mark = getattr(broken, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise ParametersFileError(
            f"The file of parameters is not plain YAML; {path} has a fault{where}. Write one `name: value` per line, "
            "each name once, without tags, anchors and aliases."
        ) from broken


def _load_mapping(text: str) -> dict[str, Any]:
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        # An alias inside an anchor is the way to a document that is larger than the memory.
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise ValueError("anchor, alias or tag")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError("nested too deep")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("not a mapping")
    names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    if len(names) != len(node.value) or len(set(names)) != len(names):
        raise ValueError("a name twice, or no name")
    loader = _loader()("")
    try:
        # Names stay the text that was written: `on:` is YAML's true, but here it is a name.
        return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}
    finally:
        loader.dispose()


@functools.cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML in which numbers and dates are what they look like."""

    def as_written(loader: Any, node: Any) -> str:
        loader.construct_yaml_timestamp(node)  # refuses a day that does not exist
        return str(node.value)

    def whole_number(_: Any, node: Any) -> int:
        # In YAML 1.1 `010` is eight and `1:30` is ninety.
        if re.fullmatch("[-+]?(?:0|[1-9][0-9]*)", node.value) is None:
            raise ValueError("a number in octal, sexagesimal or with underscores")
        return int(node.value)

    def fraction(loader: Any, node: Any) -> Any:
        if ":" in node.value or "_" in node.value:
            raise ValueError("a number in sexagesimal or with underscores")
        return loader.construct_yaml_float(node)

    def whole_signs(_: Any, node: Any) -> str:
        # JSON writes signs beyond 16 bits as two escapes, which PyYAML leaves apart; a half alone is refused.
        return str(node.value).encode("utf-16-le", "surrogatepass").decode("utf-16-le")

    Loader.add_constructor("tag:yaml.org,2002:str", whole_signs)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", as_written)
    Loader.add_constructor("tag:yaml.org,2002:int", whole_number)
    Loader.add_constructor("tag:yaml.org,2002:float", fraction)
    return Loader
