"""A secret reaches the notebook by its name, and nothing that the run leaves holds its value."""

import html
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from hub_config.projects import personal_project
from hub_config.reports.desk.choices import known_names
from hub_config.reports.execution.errors import SecretUnusableError
from hub_config.reports.execution.secrets import MASK, SecretValues, clean_left, named_secrets, read_secrets
from hub_config.reports.folders.left_folders import Left, close_left
from hub_config.reports.folders.runs import close_interrupted
from hub_config.reports.parameters.declarations import read_parameters

from ..conftest import Bench, code, parameters, text, wait_for

VALUE = 'pa"ss\\wörd-7731-비밀'
CELL = 'password: "Secret" = "database"  # what the database asks for'


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "database").write_text(VALUE + "\n", encoding="utf-8")
    (folder / "database").chmod(0o600)
    monkeypatch.setenv("COHORTHUB_SECRETS", str(folder))
    return folder


READ = """
import os, pathlib, sys
value = pathlib.Path(os.environ["COHORTHUB_SECRETS"], password).read_text()
assert len(value) == 18
"""


def holding(folder: Path) -> list[str]:
    """Names of the files below a folder in which the value stands, in any form."""
    forms = [form.encode() for form in (VALUE, json.dumps(VALUE)[1:-1], json.dumps(VALUE, ensure_ascii=False)[1:-1])]
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [str(file.relative_to(folder)) for file in files if any(form in file.read_bytes() for form in forms)]


def test_what_is_printed_shown_raised_or_logged_is_masked(bench: Bench, secrets: Path) -> None:
    cells = (
        code(READ + "print(value); print(repr(value))"),
        code(
            "from IPython.display import HTML, JSON, display\n"
            "display(HTML(f'<b>{value}</b>')); display(JSON({'k': [value]}))"
        ),
        code("os.write(2, value.encode()); os.system('echo \"$COHORTHUB_SECRETS\"'); value"),
        code("raise ValueError(value)"),
    )
    ended = bench.run(text("# T"), parameters(CELL), *cells)
    assert ended.document["status"] == "failed"
    assert holding(ended.folder) == []
    assert MASK in (ended.folder / "report.ipynb").read_text()
    assert ended.record["secrets"] == ["database"]
    assert ended.record["parameters"] == {"password": "database"}
    assert VALUE not in ended.talk


def test_a_file_with_the_value_is_taken_out_and_the_run_fails(bench: Bench, secrets: Path) -> None:
    save = code(READ + "pathlib.Path(os.environ['COHORTHUB_RUN_DIR'], 'outputs', 'x.csv').write_text('k,' + value)")
    ended = bench.run(text("# T"), parameters(CELL), save, code("1 + 1"))
    assert ended.document["status"] == "failed"
    assert ended.document["error"]["code"] == "REPORT-SECRET-LEAKED"
    assert holding(ended.folder) == []


def test_what_a_run_wrote_that_was_killed_is_looked_through_by_whoever_closes_it(bench: Bench, secrets: Path) -> None:
    outputs = "pathlib.Path(os.environ['COHORTHUB_RUN_DIR'], 'outputs')"
    save = code(
        READ + f"({outputs} / 'good.csv').write_text('ward,n'); ({outputs} / 'bad.csv').write_text('k,' + value)"
    )
    tell = code("os.write(2, value.encode() + b'\\n'); import time; time.sleep(600)")
    process = bench.start("run", bench.template(text("# T"), parameters(CELL), save, tell))
    building, record = bench.going_on(cell=3)
    wait_for(lambda: VALUE in (building / "log.txt").read_text())
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    clean = partial(clean_left, folder=secrets)
    wait_for(lambda: close_left(bench.runs, record["run_id"], status="interrupted", clean=clean) is Left.CLOSED)
    folder = bench.runs / record["run_id"]
    assert [file.name for file in (folder / "outputs").iterdir()] == ["good.csv"]
    assert MASK in (folder / "log.txt").read_text()
    assert holding(folder) == []


def test_a_run_that_keeps_its_secret_succeeds_and_leaves_no_copy(bench: Bench, secrets: Path) -> None:
    ended = bench.run(text("# T"), parameters(CELL), code(READ + "print(os.environ['COHORTHUB_SECRETS'])"))
    assert ended.document["status"] == "succeeded"
    place = json.loads((ended.folder / "report.ipynb").read_text())["cells"][-1]["outputs"][0]["text"]
    assert not Path("".join(place).strip()).exists()


KILLED_AT_ONCE = """
import os, signal, sys
from pathlib import Path
from hub_config.reports.execution import supervisor
from hub_config.reports.execution.secrets import SecretValues
from hub_config.reports.templates.templates import template_from_content

def killed(*_: object, **__: object) -> None:
    if step == "laid out":
        lay_out(*_)
    os.kill(os.getpid(), signal.SIGKILL)

step, notebook, home, secrets = sys.argv[1:]
lay_out = SecretValues.lay_out
where, name = {
    "scratch": (supervisor, "make_scratch"),
    "secrets": (SecretValues, "lay_out"),
    "laid out": (SecretValues, "lay_out"),
}[step]
setattr(where, name, killed)
template = template_from_content(Path(notebook).read_bytes(), name="steps")
request = supervisor.Request(
    template,
    {"password": "database"},
    (),
    home=Path(home),
    output_folder=Path(home, "runs"),
    secrets_folder=Path(secrets),
)
supervisor.run_report(request, on_cell=lambda place: None)
"""


@pytest.mark.parametrize("step", ["scratch", "secrets", "laid out"])
def test_a_run_that_is_killed_before_it_begins_leaves_nothing_after_the_next_look(
    bench: Bench, secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    notebook = bench.template(text("# T"), parameters(CELL), code("1"))
    command = [sys.executable, "-c", KILLED_AT_ONCE, step, notebook, bench.home, secrets]
    ended = subprocess.run(command, env=os.environ | {"TMPDIR": str(temporary)}, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert len(list(temporary.rglob("database"))) == (step == "laid out")
    assert len(close_interrupted(bench.runs)) == 1
    assert list(temporary.iterdir()) == []


def test_another_report_of_the_same_account_sees_no_secret(bench: Bench, secrets: Path) -> None:
    ended = bench.run(text("# T"), parameters(), code("import os; assert 'COHORTHUB_SECRETS' not in os.environ"))
    assert ended.document["status"] == "succeeded"


@pytest.mark.parametrize("spoil", ["missing", "open", "short", "binary", "link"])
def test_a_secret_that_cannot_be_kept_is_refused_before_anything_starts(
    bench: Bench, secrets: Path, spoil: str
) -> None:
    file = secrets / "database"
    if spoil == "missing":
        file.unlink()
    elif spoil == "open":
        file.chmod(0o644)
    elif spoil == "link":
        file.rename(secrets / "elsewhere")
        file.symlink_to(secrets / "elsewhere")
    else:
        file.write_bytes(b"xyzzy" if spoil == "short" else b"\xff\xfe\xff\xfe\xff\xfe")
    ended = bench.run(text("# T"), parameters(CELL), code("1"))
    assert ended.document["error"]["code"] == "REPORT-SECRET"
    assert "xyzzy" not in ended.talk


def test_names_are_read_from_the_parameters_alone() -> None:
    declared = read_parameters(CELL + '\nother: str = "x"  # no secret')
    assert named_secrets(declared, {"password": "database", "other": "password"}) == ["database"]
    assert read_secrets([], folder=None) == SecretValues()
    with pytest.raises(SecretUnusableError):
        read_secrets(["database"], folder=None)


def test_values_are_not_shown_by_their_holder() -> None:
    assert VALUE not in repr(SecretValues({"database": VALUE}))


def test_a_value_is_masked_in_every_shape_of_output() -> None:
    outputs: list[dict[str, Any]] = [{"data": {"a": [f"x{VALUE}y", {"b": VALUE}]}, "text": VALUE, "n": 3}]
    SecretValues({"database": VALUE}).mask_outputs(outputs)
    assert outputs == [{"data": {"a": [f"x{MASK}y", {"b": MASK}]}, "text": MASK, "n": 3}]


ADDRESS = "postgresql://kim:a&b<c>'d\"e@db.example.org/wards?ssl=on"


@pytest.mark.parametrize(
    "written",
    [
        html.escape(ADDRESS),
        html.escape(ADDRESS, quote=False),  # as a table of pandas has it
        html.escape(ADDRESS).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),  # as Jinja has it
        quote(ADDRESS),
        quote(ADDRESS, safe=""),  # as a failed request tells its address
        quote_plus(ADDRESS),
        repr(ADDRESS)[1:-1],
    ],
)
def test_a_value_is_found_as_pages_addresses_and_python_write_it(written: str, tmp_path: Path) -> None:
    secret = SecretValues({"database": ADDRESS})
    assert secret.mask(f"<td>{written}</td>") == f"<td>{MASK}</td>"
    assert secret.mask(json.dumps({"text/html": f"<td>{written}</td>"})) == json.dumps(
        {"text/html": f"<td>{MASK}</td>"}, ensure_ascii=False
    )
    (tmp_path / "page.html").write_text(f"<td>{written}</td>")
    assert secret.clean_folder(tmp_path) == ["page.html"]


@pytest.mark.parametrize("name", ["_registry", "a" * 64, "a.b-c_d"])
def test_every_name_that_a_parameter_may_have_is_that_of_a_secret(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / name).write_text(VALUE, encoding="utf-8")
    (folder / name).chmod(0o600)
    read_parameters(f'token: "Secret" = {name!r}')
    assert read_secrets([name], folder=folder).values == {name: VALUE}
    known = known_names(personal_project("kim"), data=tmp_path / "data", folder=tmp_path)
    assert known.secrets() == [name]
