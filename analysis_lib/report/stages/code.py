"""Functions, classes and modules as content: their code, and what that reads, as far as no version stands for it.

What is installed is told by its version, and this library by the hash of its files; both are part of every key. What a
notebook or a file beside it defines has no version, so its code is followed.
"""

import dis
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import analysis_lib
from analysis_lib.report.stages.content import ContentWriter, Node, refused, sha256_of_text

__all__ = ["Imported", "Running", "environment_sha256", "is_code", "library_sha256", "node_of_code"]

_HIDDEN = frozenset({"__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__"})


@cache
def library_sha256() -> str:
    """Hash the files of this library: its version may stand still while it is worked on.

    Returns
    -------
    str
        Hexadecimal.
    """
    root = Path(analysis_lib.__file__).parent
    files = sorted(path for path in root.rglob("*.py"))
    lines = [f"{path.relative_to(root).as_posix()} {sha256(path.read_bytes()).hexdigest()}\n" for path in files]
    return sha256_of_text("".join(lines))


@cache
def environment_sha256() -> str:
    """Hash what is installed: Python, the kind of machine, and every package with its version.

    Returns
    -------
    str
        Hexadecimal.
    """
    folders = {Path(place) for place in sys.path if place and Path(place).is_dir()}
    packages = {found.name for folder in folders for found in folder.glob("*.dist-info")}
    python = f"{sys.implementation.cache_tag} {sys.version_info[:3]} {sysconfig.get_platform()}"
    return sha256_of_text("\n".join([python, *sorted(packages)]))


@cache
def _installed_in() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    own = str(Path(analysis_lib.__file__).parent)
    places = {sysconfig.get_path(name) for name in names} | {str(Path(sysconfig.__file__).parent)}
    return (own, *(str(Path(place).resolve()) for place in places if place), *(place for place in places if place))


@cache
def _is_installed(module: str) -> bool:
    """Tell whether a version stands for a module."""
    found = sys.modules.get(module)
    top = module.partition(".")[0]
    if found is None or module == "__main__":
        return top in sys.stdlib_module_names and module != "__main__"
    file = getattr(found, "__file__", None)
    if not file:
        return top in sys.builtin_module_names or top in sys.stdlib_module_names
    return str(file).startswith(tuple(f"{place}/" for place in _installed_in()))


@dataclass(frozen=True)
class Imported:
    """A module that code imports when it runs.

    Attributes
    ----------
    name : str
        With dots.
    """

    name: str


@dataclass(frozen=True)
class Running:
    """Code that is being executed.

    Attributes
    ----------
    code : code
        Of its frame.
    """

    code: CodeType


def is_code(value: Any) -> bool:
    """Tell whether a value is code.

    Parameters
    ----------
    value : object
        Any.

    Returns
    -------
    bool
        For functions, methods, classes, modules and functions with some arguments filled in; and for whatever can be
        called and knows its place in an installed module.
    """
    kinds = (FunctionType, BuiltinFunctionType, MethodType, ModuleType, type, partial, Imported, Running)
    return isinstance(value, kinds) or (callable(value) and (_place(value) or _wrapped(value)) is not None)


def _wrapped(value: Any) -> Any:
    """Find the function that an installed decorator has wrapped, such as a cache or a compiler."""
    found = getattr(value, "__wrapped__", None)
    return found if isinstance(found, FunctionType) and _place(type(value)) is not None else None


def _place(value: Any) -> str | None:
    """Find the place in an installed module at which a value stands under its own name."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or not _is_installed(module):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}.{name}" if found is value else None


def node_of_code(writer: ContentWriter, value: Any) -> Node:
    """Turn code into a node.

    Parameters
    ----------
    writer : ContentWriter
        Knows what was seen already.
    value : function, class, module, method or partial
        What `is_code` says yes to.

    Returns
    -------
    list
        The node.

    Raises
    ------
    OutputError
        If it reads something whose content cannot be told.
    """
    if isinstance(value, BuiltinFunctionType) and not isinstance(value.__self__, ModuleType | None):
        return ["bound", value.__name__, writer.node(value.__self__)]  # such as the get of one dict
    if isinstance(value, partial | MethodType):
        parts = (
            [value.func, value.args, value.keywords] if isinstance(value, partial) else [value.__func__, value.__self__]
        )
        return [type(value).__name__, [writer.node(part) for part in parts]]
    if isinstance(value, Running | Imported):
        return _code(writer, value.code) if isinstance(value, Running) else _import(writer, value.name)
    if isinstance(value, ModuleType):
        return _module(writer, value)
    place = f"{value.__module__}.{value.__qualname__}" if isinstance(value, BuiltinFunctionType) else _place(value)
    return _own(writer, value) if place is None else ["installed", place]


def _own(writer: ContentWriter, value: Any) -> Node:
    """Follow what the notebook, or a file beside it, defines."""
    if id(value) in writer.seen:
        return ["seen", value.__qualname__]
    writer.seen[id(value)] = value  # kept alive, so that no other value takes its number
    if isinstance(value, type):
        return _class(writer, value)
    wrapped = None if isinstance(value, FunctionType) else _wrapped(value)
    return _function(writer, value) if wrapped is None else ["wrapped", type(value).__name__, writer.node(wrapped)]


def _import(writer: ContentWriter, name: str) -> Node:
    if _is_installed(name):
        return ["installed", name]
    try:
        return _module(writer, import_module(name))  # as the code is about to do
    except ImportError:
        return ["not there", name]


def _module(writer: ContentWriter, value: ModuleType) -> Node:
    name = value.__name__
    if _is_installed(name):
        return ["installed", name]
    if id(value) in writer.seen:
        return ["seen", name]
    writer.seen[id(value)] = value
    file = getattr(value, "__file__", None)
    if not file or not Path(file).is_file():
        raise refused(value, where=writer.where, why="Its file is not there. Give code= with a text of your own.")
    used = [found for found in vars(value).values() if isinstance(found, ModuleType)]
    homes = {getattr(found, "__module__", None) for found in vars(value).values() if callable(found)}
    used += [
        sys.modules[home] for home in sorted(home for home in homes if isinstance(home, str)) if home in sys.modules
    ]
    others = [_module(writer, found) for found in used if not _is_installed(found.__name__) and found is not value]
    return ["module", name, sha256(Path(file).read_bytes()).hexdigest(), others]


def _class(writer: ContentWriter, value: type) -> Node:
    held = {name: found for name, found in vars(value).items() if name not in _HIDDEN}
    nodes = [[name, _member(writer, found)] for name, found in sorted(held.items())]
    return ["class", value.__qualname__, [writer.node(base) for base in value.__bases__], nodes]


def _member(writer: ContentWriter, found: Any) -> Node:
    if isinstance(found, staticmethod | classmethod):
        return [type(found).__name__, writer.node(found.__func__)]
    if isinstance(found, property):
        parts = [found.fget, found.fset, found.fdel]
        return ["property", [writer.node(part) for part in parts]]
    return writer.node(found)


def _function(writer: ContentWriter, value: FunctionType) -> Node:
    names = sorted(_names(value.__code__))
    read = [[name, writer.node(value.__globals__[name])] for name in names if name in value.__globals__]
    cells = [writer.node(cell.cell_contents) for cell in value.__closure__ or ()]
    read += [[f"import {name}", _import(writer, name)] for name in sorted(_imports(value.__code__))]
    given = [writer.node(value.__defaults__), writer.node(value.__kwdefaults__)]
    return ["function", value.__qualname__, _code(writer, value.__code__), given, cells, read]


def _names(code: CodeType) -> set[str]:
    """Names that code asks its module for; some are attributes of the same name, which does no harm."""
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return set(code.co_names).union(*(_names(each) for each in inner))


def _imports(code: CodeType) -> set[str]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    own = {each.argval for each in dis.get_instructions(code) if each.opname == "IMPORT_NAME" and each.argval}
    return own.union(*(_imports(each) for each in inner))


def _code(writer: ContentWriter, code: CodeType) -> Node:
    consts = [_code(writer, each) if isinstance(each, CodeType) else writer.node(each) for each in code.co_consts]
    names = [list(code.co_names), list(code.co_varnames), list(code.co_freevars), list(code.co_cellvars)]
    counts = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    return ["code", code.co_code.hex(), consts, names, counts, code.co_exceptiontable.hex()]
