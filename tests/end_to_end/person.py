"""What a person does in the browser, in the words of a person."""

import json
import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .live_hub import LiveHub, wait_until

SERVER_START_MS = 120_000
KERNEL_START_MS = 120_000
STUDY_S = 300  # under two minutes on a quiet machine


@dataclass
class Person:
    """Somebody with an account, in front of their own browser."""

    name: str
    page: Page
    hub: LiveHub

    def sign_in(self, *, at: str = "", password: str | None = None) -> None:
        """Go to an address of the hub and fill in the form that stands before it."""
        self.page.goto(self.hub.url + at)
        self.page.get_by_label("Username").fill(self.name)
        self.page.get_by_role("textbox", name="Password").fill(password or self.hub.passwords[self.name])
        self.page.get_by_role("button", name="Sign in").click()

    def open_reports(self) -> None:
        """Sign in on the way to the Reports page."""
        self.sign_in(at="services/reports/")
        expect(self.page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()

    def open_lab(self) -> None:
        """Sign in and wait for JupyterLab; it shows what was open last time."""
        self.sign_in()
        expect(self.page.locator(".jp-Launcher, .jp-NotebookPanel").first).to_be_visible(timeout=SERVER_START_MS)

    def open_launcher(self) -> None:
        """Bring a launcher to the front."""
        self.choose_from_menu("File", "New Launcher")
        expect(self.launcher).to_be_visible()

    @property
    def launcher(self) -> Locator:
        """The launcher that is in front."""
        return self.page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .jp-Launcher")

    def server(self, path: str) -> str:
        """An address on this person's own server."""
        return f"{self.hub.url}user/{self.name}/{path}"

    def open_in_file_browser(self, *path: str) -> None:
        """Double-click through folders down to a file."""
        self.page.locator(".jp-BreadCrumbs-home").click()
        for name in path:
            self.page.locator(".jp-DirListing-item", has_text=name).dblclick()

    def choose_from_menu(self, menu: str, item: str) -> None:
        """Pick an item from Lab's menu bar."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
        self.page.locator(".lm-Menu-item", has=self.page.get_by_text(item, exact=True)).click()

    @property
    def notebook(self) -> Locator:
        """The notebook that is in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def wait_for_the_kernel(self) -> None:
        """Wait until the kernel of the notebook in front is idle."""
        # The status bar tells a kernel that answers from one that is still starting; the notebook's circle does not.
        status = self.page.locator("#jp-main-statusbar").get_by_text(re.compile(r"^Cohort analysis.* \| Idle$"))
        expect(status).to_be_visible(timeout=KERNEL_START_MS)

    def run_all_cells(self) -> None:
        """Run the notebook in front from top to bottom and wait for its end; no cell may fail."""
        self.wait_for_the_kernel()
        # The prompts of a notebook with kept outputs show old counts; without them the new ones are the end's sign.
        self.choose_from_menu("Edit", "Clear Outputs of All Cells")
        prompts = self.notebook.locator(".jp-CodeCell .jp-InputPrompt")
        failures = self.notebook.locator('[data-mime-type="application/vnd.jupyter.error"]')
        self._run_all_until_it_begins(prompts)

        def has_ended() -> bool:
            return failures.count() > 0 or re.search(r"\[\d+\]", prompts.last.inner_text()) is not None

        wait_until(has_ended, limit_s=STUDY_S, what=f"all cells of the notebook have run ({self.name})")
        assert failures.all_inner_texts() == []
        expect(prompts.filter(has_text="[*]")).to_have_count(0)

    def _run_all_until_it_begins(self, prompts: Locator) -> None:
        """Press the button; JupyterLab drops a run that is asked for while it is still connecting, so press again."""
        begun = prompts.filter(has_text=re.compile(r"\[(\*|\d+)\]"))
        for _attempt in range(3):
            self.choose_from_menu("Run", "Run All Cells")
            try:
                expect(begun.first).to_be_attached(timeout=10_000)
            except AssertionError:
                continue
            return
        raise AssertionError("no cell began to run")

    def run_in_new_notebook(self, code: str) -> str:
        """Open a notebook from the launcher, run one cell and read what it printed."""
        self.open_launcher()
        self.launcher.locator('.jp-LauncherCard[data-category="Notebook"]').click()
        expect(self.notebook).to_be_visible()
        self.wait_for_the_kernel()
        self.notebook.locator(".jp-CodeCell .cm-content").first.click()
        self.page.keyboard.insert_text(code)
        self.run_all_cells()
        return "".join(self.notebook.locator(".jp-OutputArea-output").all_inner_texts())

    def saved_notebook(self, path: str) -> dict[str, Any]:
        """Read a notebook as it lies on the person's server."""
        answer = self.page.request.get(self.server(f"api/contents/{path}"))
        assert answer.ok, answer.status
        return json.loads(answer.body())["content"]
