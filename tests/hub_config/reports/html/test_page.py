"""The page a person reads: complete, plain, and unable to run or fetch anything."""

import contextlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hub_config.reports.folders.stamps import stamp
from hub_config.reports.html import render_page
from hub_config.reports.html.page import load_exporter, value_text
from hub_config.reports.html.sanitizing import clean_html
from hub_config.reports.verdicts import Place, Verdict

from ..conftest import code, notebook, parameters, text

RECORD: dict[str, Any] = {
    "run_id": "20261123T021500123Z-a1b2c3",
    "status": "succeeded",
    "title": "Steps per day",
    "template": "steps",
    "template_sha256": "ab" * 32,
    "declared": [
        {"name": "days", "type": "int", "help": "how many <days>"},
        {"name": "strict", "type": "bool", "help": ""},
    ],
    "parameters": {"days": 3, "strict": True},
    "given": ["days"],
    "started_at": "2026-11-23T02:15:00.123Z",
    "ended_at": "2026-11-23T02:16:00.123Z",
    "cohorthub_version": "0.1.0",
    "library_version": "0.1.0",
    "environment_sha256": "cd" * 32,
    "environment_packages": 220,
    "data_releases": [{"name": "gibleed", "release": "2026-11", "manifest_sha256": "ef" * 32}],
    "cohorts": [{"name": "new users", "definition_sha256": "01" * 32, "persons": 1800}],
    "error": None,
}
EXPORTER = load_exporter()


def book(*cells: dict[str, Any]) -> Any:
    return nbformat.reads(json.dumps(notebook(*cells)), as_version=4)


def with_output(data: dict[str, str], source: str = "1") -> dict[str, Any]:
    return code(source) | {"outputs": [{"output_type": "display_data", "data": data, "metadata": {}}]}


def page(*cells: dict[str, Any], **record: Any) -> str:
    return render_page(book(*cells), RECORD | record, exporter=EXPORTER)


def words(html: str) -> str:
    shown = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def test_title_parameters_results_and_provenance_stand_in_this_order():
    shown = words(
        page(
            text("# Steps per day\n\nWhy we ask."),
            parameters(),
            text("## The table"),
            with_output({"text/html": "<table><tr><td>42</td></tr></table>", "text/plain": "42 again"}),
        )
    )
    order = [
        "Steps per day",
        "Why we ask.",
        "days 3 how many &lt;days&gt;",
        "strict yes",
        "The table",
        "42",
        "Where this",
    ]
    positions = [shown.index(part) for part in order]
    assert positions == sorted(positions)
    assert "42 again" not in shown
    assert "gibleed 2026-11 (manifest efefefefefef…)" in shown
    assert "new users (1,800 persons, definition 010101010101…)" in shown


def test_a_notebook_that_begins_with_code_gets_a_title_too():
    shown = words(page(parameters(), code("1")))
    assert shown.startswith("Steps per day Steps per day Run 2026")  # the window's title, then the page's


def test_code_and_messages_are_folded_without_a_script():
    html = page(text("# T"), code("secret_of_the_code = 1") | {"outputs": [
        {"output_type": "stream", "name": "stderr", "text": "a warning"},
        {"output_type": "stream", "name": "stdout", "text": "a result"},
    ]})  # fmt: skip
    folded = "".join(re.findall(r"<details>.*?</details>", html, flags=re.DOTALL))
    assert "secret_of_the_code" in folded
    assert "a warning" in folded
    assert "a result" in html
    assert "a result" not in folded
    assert "<details open" not in html


def test_figures_have_a_description_from_their_heading():
    html = page(text("# T"), text("## Survival"), with_output({"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}))
    assert 'alt="Figure: Survival"' in html


def test_the_page_fetches_nothing_and_forbids_it():
    html = page(
        text("# T\n\n![x](https://example.org/x.png) [a link](https://example.org)"),
        with_output(
            {"text/html": '<img src="https://example.org/y.png"><link rel="stylesheet" href="//example.org/z.css">'}
        ),
    )
    assert "default-src 'none'" in html
    assert re.findall(r'(?:src|action|data|poster|srcset)="(?!data:)[^"]*"', html) == []
    assert "<link" not in html
    assert "url(" not in html.replace("url(data:", "")
    assert 'href="https://example.org"' in html


def test_a_run_that_did_not_end_says_so_above_everything():
    verdict = Verdict.cell_failed("ValueError").at(Place(3, 9, "The model"))
    html = page(text("# T"), status="failed", error=verdict.error())
    assert words(html).startswith("INCOMPLETE: Steps per day INCOMPLETE — the run failed Cell 3: it raised ValueError")
    executed = book(text("# T"), code("1"))
    stamp(executed, verdict, record=RECORD)
    stamp(executed, verdict, record=RECORD)
    assert sum("INCOMPLETE" in cell.source for cell in executed.cells) == 1
    assert (
        words(render_page(executed, RECORD | {"status": "failed", "error": verdict.error()})).count("INCOMPLETE") == 2
    )


@pytest.mark.parametrize("status", ["failed", "cancelled", "timed_out", "interrupted"])
def test_every_state_but_success_has_its_stamp(status: str):
    verdicts = {
        "failed": Verdict.disk_full(),
        "cancelled": Verdict.cancelled(),
        "timed_out": Verdict.timed_out("cell", 3),
        "interrupted": Verdict.interrupted(),
    }
    executed = book(text("# T"))
    stamp(executed, verdicts[status], record=RECORD)
    assert f"INCOMPLETE: this run {status.replace('_', ' ')}".split(" run ")[0] in executed.cells[0].source
    nbformat.validate(executed)


def test_old_marks_of_an_earlier_run_do_not_stay():
    shown = page(text("# T"), code("1"), ended_early=True)
    assert "ended itself early" in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (True, "yes"), (False, "no"), ([1, 2], "1, 2"), ([], "–"), (0.5, "0.5"), ("x", "x")],
)
def test_values_are_written_for_people(value: object, shown: str):
    assert value_text(value) == shown


PAYLOADS = [
    "<script>fire()</script>",
    "<ScRiPt src=//example.org/x.js></sCrIpT>",
    "<scr<script>ipt>fire()</scr</script>ipt>",
    '<img src=x onerror="fire()">',
    "<img src='x' onerror=fire()//>",
    '<img src="data:text/html,<script>fire()</script>">',
    "<svg onload=fire()>",
    "<svg><script>fire()</script></svg>",
    "<svg><animate onbegin=fire() attributeName=x dur=1s>",
    "<svg><style><img src=x onerror=fire()></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=fire()&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=fire()>'></noscript>",
    "<body onload=fire()>",
    "<iframe src='javascript:parent.fire()'></iframe>",
    "<iframe srcdoc='<script>parent.fire()</script>'></iframe>",
    "<object data='data:text/html,<script>parent.fire()</script>'></object>",
    "<embed src='data:text/html,<script>parent.fire()</script>'>",
    "<a href='javascript:fire()' id=bait>x</a>",
    "<a href='&#106;avascript:fire()' class=bait>x</a>",
    "<a href='java\nscript:fire()' class=bait>x</a>",
    "<a href='data:text/html,<script>fire()</script>' class=bait>x</a>",
    "<details open ontoggle=fire()><summary>x</summary></details>",
    "<input autofocus onfocus=fire()>",
    "<select autofocus onfocus=fire()></select>",
    "<video><source onerror=fire()></video>",
    "<audio src=x onerror=fire()></audio>",
    "<form action='javascript:fire()'><button class=bait>x</button></form>",
    "<button formaction='javascript:fire()' form=f class=bait>x</button><form id=f></form>",
    "<meta http-equiv=refresh content='0;url=javascript:fire()'>",
    "<meta http-equiv=refresh content='0;url=https://example.org/'>",
    "<base href='https://example.org/'>",
    "<link rel=stylesheet href='data:text/css,*{background:url(https://example.org/)}'>",
    "<style>@import 'https://example.org/x.css';</style>",
    "<div style='background:url(https://example.org/x.png)'>x</div>",
    "<div style='background:u\\72l(https://example.org/x.png)'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%;background:white'>covers the page</div>",
    "<marquee onstart=fire()>x</marquee>",
    "<textarea><img title='</textarea><img src=x onerror=fire()>'></textarea>",
    "<template><img src=x onerror=fire()></template>",
    "<xmp><p title='</xmp><img src=x onerror=fire()>'></xmp>",
    "<!--><img src=x onerror=fire()>-->",
    "</div></section></main><img src=x onerror=fire()>",
    "<p id='x' name='body'>clobber</p>",
]


class Elements(HTMLParser):
    """Collects the elements and attributes of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_that_runs_fetches_or_covers_passes_the_sieve(payload: str):
    elements = Elements()
    elements.feed(clean_html(payload))
    for tag, attributes in elements.found:
        assert tag not in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "meta",
            "base",
            "link",
            "svg",
        }
        assert not [
            name for name in attributes if name.startswith("on") or name in {"id", "action", "srcdoc", "srcset"}
        ]
        assert not re.search(r"script:|text/html", attributes.get("href") or "", re.IGNORECASE)
        assert (attributes.get("src") or "data:image/png").startswith("data:image/")
        assert not re.search(r"position|url|\\", attributes.get("style") or "")


def test_what_analysts_write_passes_the_sieve():
    kept = (
        '<div class="cohorthub-table" style="max-width:100%;overflow-x:auto"><table style="border-collapse:collapse">'
        '<caption>Table 1</caption><thead><tr><th scope="col" style="text-align:right">n</th></tr>'
        '</thead><tbody><tr><td colspan="2">1,800</td></tr></tbody></table></div>'
    )
    assert 'colspan="2"' in clean_html(kept)
    assert "text-align:right" in clean_html(kept).replace(" ", "")
    assert "Table 1" in clean_html(kept)
    assert (
        clean_html('<h2>A <em>b</em> <sup>2</sup></h2><img src="data:image/png;base64,AA==" alt="x">').count("<") == 7
    )


def test_no_payload_fires_in_a_real_browser(tmp_path: Path):
    from playwright.sync_api import sync_playwright

    from tests.end_to_end.find_chromium import FLAGS, HOW_TO_GET_IT, find_chromium

    chromium = find_chromium()
    assert chromium is not None, HOW_TO_GET_IT

    fired: list[str] = []
    cells = [text("# T"), *(text(payload) for payload in PAYLOADS)]
    cells += [with_output({"text/html": payload}) for payload in PAYLOADS]
    cells += [with_output({"text/markdown": payload}) for payload in PAYLOADS]
    cells += [with_output({"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='fire()'/>"})]
    cells += [with_output({"application/javascript": "fire()", "text/plain": "<script>fire()</script>"})]
    cells += [code("'<script>fire()</script>'"), code("1") | {"outputs": [
        {"output_type": "stream", "name": "stdout", "text": "<script>fire()</script><img src=x onerror=fire()>"},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["<img src=x onerror=fire()>"]},
    ]}]  # fmt: skip
    html = page(*cells, title="<script>fire()</script>", given=["<script>"], run_id="</style><script>fire()</script>")
    # The page's own policy would stop them all: without it, only what we took out is not there.
    bare = re.sub(r"<meta[^>]*Content-Security-Policy[^>]*>", "", html)
    assert bare != html
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        for name, content in (
            ("with-policy", html),
            ("without-policy", bare),
            ("control", f"<main>{PAYLOADS[3]}</main>"),
        ):
            file = tmp_path / f"{name}.html"
            file.write_text(content)
            view = browser.new_page()
            view.expose_function("fire", lambda name=name: fired.append(name))
            view.on("request", lambda request: fired.append(request.url) if _goes_out(request.url) else None)
            view.goto(file.as_uri())
            for bait in view.query_selector_all("main a, main button"):
                if not (bait.get_attribute("href") or "").startswith("http"):
                    with contextlib.suppress(Exception):
                        bait.click(timeout=200, no_wait_after=True)
            view.wait_for_timeout(300)
            assert view.url == file.as_uri()
        browser.close()
    assert fired == ["control"]  # unsieved, the same way of looking sees it


def _goes_out(url: str) -> bool:
    return not url.startswith(("file:", "data:"))
