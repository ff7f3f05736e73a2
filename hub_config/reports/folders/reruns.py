"""Running an old report exactly again: what differs between how it ran and how it would run now."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub_config.reports.folders.contents import open_regular
from hub_config.reports.folders.provenance import ENVIRONMENT, Environment

__all__ = ["Conditions", "Difference", "conditions_now", "conditions_of_run", "rerun_differences"]

LARGEST_LIST = 16 * 2**20  # of packages
LIBRARY = "cohorthub"  # the distribution that has both halves; `library_version` is its version in the kernel


@dataclass(frozen=True)
class Conditions:
    """What decides how a report runs, its parameters aside.

    Parameters
    ----------
    template_sha256 : str or None
        Of the notebook. None here and below means that it is not known: older runners did not write it.
    library_version : str or None
        Of `analysis_lib` in the kernel.
    cohorthub_version : str or None
        Of the runner.
    environment_sha256 : str or None
        Of the sorted lines ``name==version``.
    packages : mapping of str to str, or None
        Version by name.
    kernel, python_version, system, machine : str or None
        Name of the kernel spec; of its interpreter; such as ``Linux``; the processor's architecture.
    releases : mapping of (str, str) to (str or None)
        SHA-256 of the manifest by name and release; None if that release is not there.
    """

    template_sha256: str | None = None
    library_version: str | None = None
    cohorthub_version: str | None = None
    environment_sha256: str | None = None
    packages: Mapping[str, str] | None = None
    kernel: str | None = None
    python_version: str | None = None
    system: str | None = None
    machine: str | None = None
    releases: Mapping[tuple[str, str], str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    Parameters
    ----------
    kind : str
        ``template``, ``library``, ``cohorthub``, ``package``, ``environment`` (the hash differs and the packages are
        not known), ``kernel``, ``python``, ``system``, ``machine``, ``release``.
    name : str
        Of the package or the release; '' for the others.
    then, now : str or None
        Version or hash; None if it is not there or not known.
    """

    kind: str
    name: str
    then: str | None
    now: str | None


# Kind of a difference and the field that it is about, in the order in which they matter to a reader.
SINGLE = (
    ("template", "template_sha256"),
    ("library", "library_version"),
    ("cohorthub", "cohorthub_version"),
    ("kernel", "kernel"),
    ("python", "python_version"),
    ("system", "system"),
    ("machine", "machine"),
)


def rerun_differences(old: Conditions, now: Conditions) -> tuple[Difference, ...]:
    """Say what differs between how an old run ran and how it would run now.

    What is not known of one of the two is a difference, as nobody can say that it is the same. Only the data releases
    that the old run read are looked at.

    Parameters
    ----------
    old : Conditions
        From `conditions_of_run`.
    now : Conditions
        From `conditions_now`.

    Returns
    -------
    tuple of Difference
        Empty if nothing differs: the same parameters then lead to the same numbers, as far as the report itself is
        reproducible, which `compare_results` shows afterwards.
    """
    found = []
    for kind, key in SINGLE:
        then, today = getattr(old, key), getattr(now, key)
        if (then is None and kind != "library") or then != today:
            found.append(Difference(kind, "", then, today))
    found += _package_differences(old, now)
    for (name, release), digest in sorted(old.releases.items()):
        there = now.releases.get((name, release))
        if digest is None or digest != there:
            found.append(Difference("release", f"{name} {release}", digest, there))
    return tuple(found)


def _package_differences(old: Conditions, now: Conditions) -> list[Difference]:
    if old.environment_sha256 is not None and old.environment_sha256 == now.environment_sha256:
        return []
    if old.packages is None or now.packages is None:
        return [Difference("environment", "", old.environment_sha256, now.environment_sha256)]
    changed = [
        Difference("package", name, old.packages.get(name), now.packages.get(name))
        for name in sorted(old.packages.keys() | now.packages.keys())
        if old.packages.get(name) != now.packages.get(name)
    ]
    # Two versions of one name can be installed; then the lines differ and the names do not.
    return changed or [Difference("environment", "", old.environment_sha256, now.environment_sha256)]


def conditions_of_run(folder: Path, record: Mapping[str, Any]) -> Conditions:
    """Read how a run ran.

    Parameters
    ----------
    folder : Path
        The run's folder, for its ``environment.txt``.
    record : mapping
        What its ``run.json`` holds.

    Returns
    -------
    Conditions
        The packages are taken only if the file's hash is the one in the record.
    """
    content = _read(folder / ENVIRONMENT)
    digest = _text(record.get("environment_sha256"))
    fits = content is not None and hashlib.sha256(content).hexdigest() == digest
    rows = record.get("data_releases")
    releases = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return Conditions(
        template_sha256=_text(record.get("template_sha256")),
        library_version=_text(record.get("library_version")),
        cohorthub_version=_text(record.get("cohorthub_version")),
        environment_sha256=digest,
        packages=_packages((content or b"").decode("utf-8", "replace").splitlines()) if fits else None,
        kernel=_text(record.get("kernel")),
        python_version=_text(record.get("python_version")),
        system=_text(record.get("system")),
        machine=_text(record.get("machine")),
        releases={(str(r.get("name")), str(r.get("release"))): _text(r.get("manifest_sha256")) for r in releases},
    )


def conditions_now(
    old: Conditions,
    environment: Environment,
    *,
    template_sha256: str | None,
    kernel: str | None,
    cohorthub_version: str,
    data: Path,
) -> Conditions:
    """Say how the same report would run now.

    Parameters
    ----------
    old : Conditions
        How it ran; its data releases are looked for.
    environment : Environment
        Of the kernel, from `describe_environment`.
    template_sha256 : str or None
        Of the notebook that would run; None if it is gone.
    kernel : str or None
        Name of the kernel spec that would be used.
    cohorthub_version : str
        Of the runner.
    data : Path
        The folder with the data releases, ``NAME/RELEASE/manifest.json``.

    Returns
    -------
    Conditions
        The library's version is that of the kernel's environment where the old run declared one.
    """
    packages = _packages(environment.lines) if environment.lines else None
    library = (packages or {}).get(LIBRARY) if old.library_version is not None else None
    return Conditions(
        template_sha256=template_sha256,
        # A report that does not use the library has no version of it, then or now.
        library_version=library,
        cohorthub_version=cohorthub_version,
        environment_sha256=environment.sha256 or None,
        packages=packages,
        kernel=kernel,
        python_version=environment.python_version,
        system=environment.system,
        machine=environment.machine,
        releases={key: _manifest_sha256(data, key) for key in old.releases},
    )


def _manifest_sha256(data: Path, key: tuple[str, str]) -> str | None:
    """Hash the manifest of a release; names come from a notebook, so they are taken only if they cannot lead away."""
    if any(part in {"", ".", ".."} or "/" in part or "\0" in part for part in key):
        return None
    try:
        with (data / key[0] / key[1] / "manifest.json").open("rb") as file:  # the operator's, and perhaps a link
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):  # ValueError: a name that no file system takes
        return None


def _packages(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, _, version = line.partition("==")
        found[name] = f"{found[name]}, {version}" if name in found else version
    return found


def _read(path: Path) -> bytes | None:
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST_LIST + 1)
    except (OSError, ValueError):
        return None
    return content if len(content) <= LARGEST_LIST else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
