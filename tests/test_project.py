"""Rules of the whole project: what it depends on, what importing costs, what its names and commands promise."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import analysis_lib
import analysis_lib.errors
import hub_config
import hub_config.errors

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))

# Capped below pandas 3 or NumPy 2: installing one walks the whole stack back. They may serve in side environments.
WALK_PANDAS_BACK = {"lifelines", "acro", "neurokit2", "sgkit", "causallib"}
# GPL or academic licences, which a BSD project cannot depend on.
LICENCE_DIFFERS = {"scikit-survival", "pyactigraphy", "accelerometer"}
# Oldest versions without a published hole.
ADVISORY_FLOORS = {"jupyterhub": "6.1.1", "jupyterlab": "4.6.6", "jupyter-server": "2.21", "distributed": "2026.1.1"}
FORBIDDEN_MODULE_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager"}
MOST_NAMES_IN_A_ROOM = 12


def requirements(lines: list[str]) -> dict[str, Requirement]:
    found = [Requirement(line) for line in lines]
    return {requirement.name: requirement for requirement in found}


def locked_closure(roots: set[str]) -> set[str]:
    """Every package that installing `roots` pulls in, in any of the lock's forks."""
    packages: dict[str, list[dict]] = {}
    for package in LOCK["package"]:
        packages.setdefault(package["name"], []).append(package)
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for package in packages[name]:
            extras = package.get("optional-dependencies", {}).values()
            waiting += [dependency["name"] for dependency in package.get("dependencies", [])]
            waiting += [dependency["name"] for extra in extras for dependency in extra]
    return seen


def modules_of(package: ModuleType) -> list[str]:
    found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    return [package.__name__, *(module.name for module in found if "._notebooks" not in module.name)]


def rooms() -> list[str]:
    """The packages and modules of the library that researchers import names from."""
    found = [f"analysis_lib.{module.name}" for module in pkgutil.iter_modules(analysis_lib.__path__)]
    return [name for name in found if name != "analysis_lib.cli"]


def errors_modules() -> list[ModuleType]:
    """The library has one module of errors, the platform one and one for each room that has errors of its own."""
    rooms = [name for name in modules_of(hub_config) if name.endswith(".errors")]
    return [analysis_lib.errors, *(importlib.import_module(name) for name in rooms)]


def error_classes() -> list[type[Exception]]:
    members = [getattr(module, name) for module in errors_modules() for name in module.__all__]
    return [member for member in members if issubclass(member, Exception) and not issubclass(member, Warning)]


# Dependencies


def test_the_plain_install_is_the_union_of_the_kernel_and_hub_groups():
    groups = PYPROJECT["dependency-groups"]
    union = requirements(groups["kernel"]) | requirements(groups["hub"])
    assert {str(r) for r in requirements(PYPROJECT["project"]["dependencies"]).values()} == {
        str(r) for r in union.values()
    }


def test_both_groups_ask_for_the_same_versions_of_what_they_share():
    groups = PYPROJECT["dependency-groups"]
    kernel, hub = requirements(groups["kernel"]), requirements(groups["hub"])
    assert {name: str(kernel[name]) for name in kernel.keys() & hub.keys()} == {
        name: str(hub[name]) for name in kernel.keys() & hub.keys()
    }


def test_pandas_cannot_be_walked_back_below_3_1():
    specifier = requirements(PYPROJECT["project"]["dependencies"])["pandas"].specifier
    assert not specifier.contains("3.0.9")
    assert specifier.contains("3.1.0")


def test_nothing_that_walks_pandas_back_or_bars_our_licence_is_in_the_locked_install():
    closure = locked_closure({"cohorthub"})
    assert {"pandas", "jupyterhub", "duckdb"} <= closure  # the walk through the lock works at all
    assert closure & (WALK_PANDAS_BACK | LICENCE_DIFFERS) == set()


@pytest.mark.parametrize(("name", "floor"), ADVISORY_FLOORS.items())
def test_floors_lie_at_or_above_the_published_advisories(name, floor):
    specifier = requirements(PYPROJECT["project"]["dependencies"])[name].specifier
    floors = [s.version for s in specifier if s.operator == ">="]
    assert floors, f"{name} has no floor"
    assert all(floor in SpecifierSet(f"<={found}") for found in floors)


def test_the_version_is_the_same_everywhere():
    declared = PYPROJECT["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    locked = next(package["version"] for package in LOCK["package"] if package["name"] == "cohorthub")
    assert {version("cohorthub"), citation["version"], changelog and changelog[1], locked} == {declared}


# Imports


@pytest.mark.parametrize("module", ["analysis_lib", "analysis_lib.errors", "analysis_lib.cli", "hub_config.cli"])
def test_importing_is_light(module):
    heavy = ["pandas", "numpy", "duckdb", "dask", "distributed", "matplotlib", "statsmodels", "jupyterhub", "papermill"]
    loaded = in_fresh_python(f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])")
    assert loaded == "[]"


def test_importing_the_rooms_has_no_side_effect():
    """No environment, logging, warning filter, network or written file: asked of the interpreter's own audit events."""
    program = f"""
import importlib, logging, os, sys, warnings
def state():
    root = logging.getLogger()
    return dict(os.environ), list(root.handlers), root.level, list(warnings.filters)
import matplotlib.pyplot, numpy, pandas, distributed, statsmodels.api, scipy.optimize, xarray, duckdb  # theirs
before, events = state(), []
def watch(event, args):
    if event in {{"socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "os.putenv"}}:
        events.append((room, event))
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        events.extend([(room, "open to write")] * ("__pycache__" not in str(args[0])))
sys.addaudithook(watch)
for room in {["analysis_lib", *rooms()]!r}:
    importlib.import_module(room)
print(events, state() == before)
"""
    assert in_fresh_python(program) == "[] True"


def test_the_packages_never_import_each_other():
    for package, other in ((analysis_lib, "hub_config"), (hub_config, "analysis_lib")):
        for path in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not [name for name in names if name.split(".")[0] == other], path


def in_fresh_python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# Names


@pytest.mark.parametrize("room", rooms())
def test_every_room_lists_at_most_twelve_names_and_each_is_there(room):
    module = importlib.import_module(room)
    assert len(set(module.__all__)) == len(module.__all__)
    limit = 10**6 if room == "analysis_lib.errors" else MOST_NAMES_IN_A_ROOM  # one subclass per thing to handle
    assert len(module.__all__) <= limit
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("name", [*modules_of(analysis_lib), *modules_of(hub_config)])
def test_modules_are_named_for_what_they_hold(name):
    assert name.rpartition(".")[2] not in FORBIDDEN_MODULE_NAMES


# Errors


def test_no_two_errors_share_a_code():
    codes = [error.code for error in error_classes()]
    assert [code for code in codes if codes.count(code) > 1] == []


def test_an_exit_code_is_shared_only_with_the_error_it_is_a_kind_of():
    roots = {analysis_lib.errors.AnalysisError, hub_config.errors.HubError}
    by_exit_code: dict[int, type[Exception]] = {}
    for error in sorted(error_classes(), key=lambda error: len(error.__mro__)):
        first = by_exit_code.setdefault(error.exit_code, error)
        assert first is error or (issubclass(error, first) and first not in roots), f"{error} and {first}"


def test_every_error_states_its_own_code_and_exits_in_the_range_of_its_package():
    ranges = {"analysis_lib": (*range(10, 30), *range(71, 90)), "hub_config": (*range(30, 70), *range(90, 126))}
    for error in error_classes():
        assert "code" in vars(error), error
        assert error.exit_code in ranges[error.__module__.partition(".")[0]], error
        assert re.fullmatch(r"[A-Z]+(-[A-Z]+)*", error.code), error


def test_errors_are_defined_in_modules_of_errors_alone():
    roots = (analysis_lib.errors.AnalysisError, hub_config.errors.HubError)
    known = {module.__name__ for module in errors_modules()}
    for name in (*modules_of(analysis_lib), *modules_of(hub_config)):
        if name.rpartition(".")[2] in {"__main__", "jupyterhub_config"}:  # programs, run rather than imported
            continue
        for member in vars(importlib.import_module(name)).values():
            if inspect.isclass(member) and issubclass(member, roots):
                assert member.__module__ in known, member


def test_the_exit_code_page_lists_every_error():
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    missing = [error.code for error in error_classes() if f"| {error.exit_code} | `{error.code}` |" not in page]
    assert missing == [], "Run: ./dev generate"


# What people read


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "environments/README.md"])
def test_every_link_and_picture_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = {target for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in target}
    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []


def test_pictures_are_small():
    assert [image.name for image in (ROOT / "docs" / "images").iterdir() if image.stat().st_size > 300_000] == []


def test_the_readme_begins_with_the_three_commands():
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8")[:1500]
    for command in ("pip install uv ", "uv run cohorthub up ", "./dev test "):
        assert f"\n{command}" in first_screen


# Citation


def test_the_citation_file_has_what_the_format_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license", "date-released", "type"} <= citation.keys()
    assert citation["license"] == PYPROJECT["project"]["license"]
    assert json.dumps(citation["authors"], default=str)
