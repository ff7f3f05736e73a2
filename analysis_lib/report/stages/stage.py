"""One stage of a report: computed once, kept by the hash of all it was made from, and found again by it."""

import inspect
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Any

import analysis_lib.errors
from analysis_lib.catalog.reading import watching
from analysis_lib.errors import AnalysisError, OutputError
from analysis_lib.report.manifest import StageEntry
from analysis_lib.report.stages.content import Content, ContentReader, ContentWriter, Node, canonical, sha256_of_text
from analysis_lib.report.stages.folder import Kept, StageFolder, UnbelievableError

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset
    from analysis_lib.report.stages.of_report import StagesOfReport

__all__ = ["Stage"]


class Stage:
    """A part of a report whose results are kept.

    Made by `Report.stage`, and used by ``with``. Between two runs nothing in it may differ without the key differing:
    the block's code, what it reads by name, the inputs, the functions of the notebook that it calls, this library, and
    what is installed.

    Parameters
    ----------
    name : str
        Its name.
    inputs : mapping of str to object
        What it is made from.
    code : str or None
        Stands for the code, where that cannot be read.
    owner : StagesOfReport
        What its report knows of its stages.
    folder : StageFolder or None
        Where results are kept; in memory if None.
    memory : dict
        What was kept in memory, by name and key.
    """

    def __init__(
        self,
        name: str,
        *,
        inputs: Mapping[str, Any],
        code: str | None,
        owner: "StagesOfReport",
        folder: StageFolder | None,
        memory: dict[tuple[str, str], Kept],
    ) -> None:
        self.name = name
        self._inputs, self._code, self._owner = dict(inputs), code, owner
        self._folder, self._memory = folder, memory
        self._state = "made"
        self._datasets: dict[str, Any] = {}
        self._parts: dict[str, dict[str, str]] = {}
        self._key = ""
        self._kept: Kept | None = None
        self._is_new = True
        self._ready: dict[str, Any] = {}
        self._notes: list[str] = []
        self._warned: list[list[str]] = []
        self._unknown: list[str] = []

    @property
    def key(self) -> str:
        """Hash of all that it is made from; known inside the block and after it."""
        return self._key

    @property
    def is_new(self) -> bool:
        """Whether the results must be computed: nothing was kept for what it is made from now."""
        if self._state == "made":
            raise OutputError(f"stage '{self.name}' has not begun; found no 'with'. Ask inside its block.")
        return self._is_new

    @property
    def stage_sha256(self) -> str:
        """Hash of what it gives, for stages that are made from it."""
        return sha256_of_text(f"{self.key} {self._content().sha256}")

    def keep(self, **results: Any) -> None:
        """Keep the results, under the names by which the notebook reads them.

        Parameters
        ----------
        **results : object
            Frames, arrays, numbers, texts, dates, lists, dicts, cohorts.

        Raises
        ------
        OutputError
            If a result would not come back exactly as it is, the block read data that are not among its inputs, drew
            from numpy's global random numbers, or gives another result than was kept for the same inputs.
        """
        if self._state != "open":
            raise OutputError(f"stage '{self.name}' keeps results in its 'with'; found keep() outside. Move it.")
        if not results:
            raise OutputError(f"stage '{self.name}' was given nothing to keep. Write keep(NAME=VALUE).")
        if self._kept is not None and self._is_new:
            raise OutputError(f"stage '{self.name}' keeps results once; found a second keep(). Join them.")
        self._refuse_unknown_sources()
        content = self._written(results)
        if not self._is_new:
            if content.sha256 != self._content().sha256:
                raise OutputError(
                    f"stage '{self.name}' does not give the same result for the same inputs; found another one than "
                    "was kept. Put the work under 'if stage.is_new:', and give all that it depends on as inputs."
                )
            return
        self._kept = self._saved(content)

    def __getitem__(self, result: str) -> Any:
        """Give a result; a copy of its own each time, so that changing it changes nothing that is kept."""
        if result in self._ready:
            return self._ready.pop(result)
        nodes = _nodes(self._content())
        if result not in nodes:
            raise OutputError(
                f"stage '{self.name}' has no result {ascii(result)[:60]}; found: {', '.join(nodes)}. Use one of these."
            )
        return self._reader(self._content()).value(nodes[result])

    def __enter__(self) -> "Stage":
        """Find out whether the results are there already."""
        if self._state != "made":
            raise OutputError(f"stage '{self.name}' is entered once; found it entered before. Make it again.")
        self._started = time.monotonic()
        self._tell_parts(_caller())
        self._owner.begin(self.name)
        try:
            for dataset in self._datasets.values():
                self._owner.note_release(dataset)
            self._find()
        except BaseException:
            self._owner.end(None)
            raise
        self._state = "open"
        self._random = _random_state()
        self._undo = ExitStack()
        self._undo.enter_context(watching(self._note_read))
        self._undo.enter_context(warnings.catch_warnings())
        self._show = warnings.showwarning
        warnings.showwarning = self._note_warning
        return self

    def __exit__(self, *failure: object) -> None:
        """End the stage; whoever promised results must have kept them."""
        self._undo.close()
        self._state = "closed"
        if failure[0] is not None:
            self._owner.end(None)
            return
        if self._kept is None:
            self._owner.end(None)
            raise OutputError(
                f"stage '{self.name}' kept nothing; found no keep() in its block. Write 'if stage.is_new:' and "
                "'stage.keep(NAME=VALUE)'."
            )
        entry = self._entry(self._kept)
        self._owner.end(entry)
        self._say(entry)
        if entry.reused:
            for name, message in self._kept.record["warnings"]:
                category = getattr(analysis_lib.errors, name, UserWarning)
                is_kind = isinstance(category, type) and issubclass(category, Warning)
                warnings.warn(message, category if is_kind else UserWarning, stacklevel=2)

    # What it is made from

    def _tell_parts(self, frame: FrameType) -> None:
        from analysis_lib.report.stages.block import block_of
        from analysis_lib.report.stages.code import environment_sha256, library_sha256

        source, read = (self._code, {}) if self._code is not None else block_of(frame, stage=self.name)
        named = {name: value for name, value in read.items() if value is not self._owner.report and value is not self}
        # What is an input under its own name is told once.
        named = {name: value for name, value in named.items() if self._inputs.get(name, self) is not value}
        self._parts = {
            "inputs": {name: self._told(f"input '{name}'", value) for name, value in sorted(self._inputs.items())},
            "reads": {name: self._told(f"'{name}', which it reads,", value) for name, value in sorted(named.items())},
            "made by": {"code": sha256_of_text(source or ""), "library": library_sha256()},
        }
        self._parts["made by"]["environment"] = environment_sha256()
        self._key = sha256_of_text(canonical(["cohorthub.stage/1", self.name, self._parts]))

    def _told(self, what: str, value: Any) -> str:
        writer = ContentWriter(f"{what} of stage '{self.name}'", kept=False)
        found = writer.content(value).sha256
        self._datasets |= writer.datasets
        return found

    def _find(self) -> None:
        try:
            kept = self._folder.load(self.name, self._key) if self._folder else self._memory.get((self.name, self._key))
            if kept is not None:
                self._ready = self._read(kept.content)
        except UnbelievableError as error:
            self._notes.append(f"what was kept is not believed ({error})")
            if self._folder is not None:
                self._folder.drop(self.name, self._key)
            return
        except (
            AnalysisError,
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            self._notes.append(f"what was kept cannot be used ({type(error).__name__})")
            if self._folder is not None:
                self._folder.drop(self.name, self._key)
            return
        self._kept, self._is_new = kept, kept is None

    # What it gives

    def _written(self, results: Mapping[str, Any]) -> Content:
        writer = ContentWriter("", kept=True)
        pairs = []
        for name, value in results.items():
            writer.where = f"result '{name}' of stage '{self.name}'"
            before = len(writer.arrays)
            node = writer.node(value)
            pairs.append([["str", name], node])
            self._refuse_what_changes(name, node, arrays=writer.arrays, before=before)
        return Content(["dict", pairs], tuple(writer.arrays))

    def _refuse_what_changes(self, name: str, node: Node, *, arrays: list[Any], before: int) -> None:
        """Read a result back, and compare it to the bit."""
        again = ContentWriter(f"result '{name}' of stage '{self.name}'", kept=True)
        again.arrays = list(arrays[:before])
        back = again.node(self._reader(Content(node, tuple(arrays))).value(node))
        if Content(back, tuple(again.arrays)).sha256 != Content(node, tuple(arrays)).sha256:
            raise OutputError(
                f"result '{name}' of stage '{self.name}' would not come back as it is. Keep plain frames, arrays and "
                "numbers instead."
            )

    def _saved(self, content: Content) -> Kept:
        record = {
            "name": self.name,
            "key": self._key,
            "parts": self._parts,
            "computed_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._started, 3),
            "warnings": self._warned,
        }
        if self._folder is not None:
            before = self._folder.newest(self.name)
            try:
                return self._folder.save(record, content)
            except (OSError, UnbelievableError) as error:
                self._notes.append(f"not kept: {getattr(error, 'strerror', None) or error}")
            finally:
                self._notes += _changes(before, self._parts)
        # Arrays may still be the notebook's own.
        own = Content(content.node, tuple(each.copy() if hasattr(each, "copy") else each for each in content.arrays))
        kept = Kept(record, own, 0)
        if self._folder is None:
            self._memory[self.name, self._key] = kept
        return kept

    def _content(self) -> Content:
        if self._kept is None:
            raise OutputError(
                f"stage '{self.name}' has no results; found that nothing was kept. Write 'if stage.is_new:' and "
                "'stage.keep(NAME=VALUE)' in its block."
            )
        return self._kept.content

    def _read(self, content: Content) -> dict[str, Any]:
        reader = self._reader(content)
        return {name: reader.value(node) for name, node in _nodes(content).items()}

    def _reader(self, content: Content) -> ContentReader:
        return ContentReader(content.arrays, dataset=self._dataset)

    def _dataset(self, *told: str) -> Any:
        name, release, manifest_sha256 = told
        if manifest_sha256 in self._datasets:
            return self._datasets[manifest_sha256]
        raise OutputError(
            f"a result of stage '{self.name}' belongs to a data release that is not among the inputs; found {name} "
            f"{release}. Give the data set as an input."
        )

    # What happened in it

    def _note_read(self, dataset: "Dataset") -> None:
        if dataset.manifest_sha256 not in self._datasets:
            self._unknown.append(f"{dataset.name} {dataset.release}")

    def _refuse_unknown_sources(self) -> None:
        if self._unknown:
            raise OutputError(
                f"stage '{self.name}' read data that are not among its inputs; found {self._unknown[0]}. Open the data "
                "set before the stage, and give it as an input."
            )
        if self._random != _random_state():
            raise OutputError(
                f"stage '{self.name}' drew from numpy's global random numbers; its results could not be computed "
                "again. Use numpy.random.default_rng(seed) in the block, with the seed as an input."
            )

    def _note_warning(self, message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        self._warned.append([category.__name__, str(message)])
        self._show(message, category, *place, **more)

    def _entry(self, kept: Kept) -> StageEntry:
        return StageEntry(
            name=self.name,
            key=self._key,
            reused=not self._is_new,
            seconds=round(time.monotonic() - self._started, 3),
            bytes=kept.bytes,
            computed_at=str(kept.record["computed_at"]),
        )

    def _say(self, entry: StageEntry) -> None:
        seconds = f"{entry.seconds:.1f} s"
        said = (
            f"kept from an earlier run on the same inputs, {entry.computed_at}"
            if entry.reused
            else f"computed in {seconds}"
        )
        sys.stdout.write(f"{self.name}: {'; '.join([said, *self._notes])}\n")

    def __repr__(self) -> str:
        state = "not begun" if self._state == "made" else ("computed" if self._is_new else "kept from an earlier run")
        return f"<Stage {self.name}: {state}>"


def _nodes(content: Content) -> dict[str, Node]:
    return {name: node for (_, name), node in content.node[1]}


def _caller() -> FrameType:
    """Find the frame that stands at the ``with``."""
    here = inspect.currentframe()
    caller = here.f_back.f_back if here is not None and here.f_back is not None else None
    if caller is None:
        raise OutputError("a stage needs to know where it is used; found no frame. Use CPython.")
    return caller


def _random_state() -> Any:
    """Say where numpy's global random numbers stand."""
    import numpy as np

    kind, keys, place, *rest = np.random.get_state(legacy=True)  # watched, not used
    return kind, np.asarray(keys).tobytes(), place, *rest


def _changes(before: dict[str, Any] | None, parts: dict[str, dict[str, str]]) -> list[str]:
    """Say what differs from the time before; of inputs and names only the names."""
    earlier = before.get("parts") if before else None
    if not isinstance(earlier, dict) or before is None:
        return []
    changed = [
        name
        for kind, told in parts.items()
        for name in sorted({*told, *earlier.get(kind, {})})
        if told.get(name) != earlier.get(kind, {}).get(name)
    ]
    return [f"changed since {before.get('computed_at')}: {', '.join(changed)}"] if changed else []
