"""JupyterLab as ``make lab`` opens it, in a browser that nobody sees, in a fresh copy of the course."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.notebooks import ROOT

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run", "--window-size=1400,1000"]
# All cells are in the page, not only those in sight; no question about news; a closed notebook's kernel ends.
SETTINGS = {"notebook-extension/tracker": {"windowingMode": "none", "kernelShutdown": True},
            "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "my", "runs", "build", "dist", "__pycache__", "*.egg-info",
                                  ".*_cache")
SECONDS = 240


def programs() -> tuple[str, str]:
    """The browser and its driver. Without them a test is skipped with a word; in CI it fails."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver, make = shutil.which("chromedriver"), shutil.which("make")
    if browser and driver and make:
        return browser, driver
    missing = f"no browser here: chromium is {browser}, chromedriver is {driver}, make is {make}"
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(missing + "; CI must have them (see .ci/run)")
    pytest.skip(missing)


def fresh_copy(folder: Path) -> Path:
    """The course as a clone of it would be, committed, with a .venv that counts as set up."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for command in (["init", "-q"], ["add", "-A"],
                    ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", "commit", "-qm",
                     "The course"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / ".venv").mkdir()
    for stamp in (".made", ".learn"):
        (folder / ".venv" / stamp).touch()
    return folder


class Lab:
    """``make lab`` in a folder, and the page that it opens."""

    def __init__(self, course: Path, aside: Path):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        browser, driver = programs()
        for name, settings in SETTINGS.items():
            path = aside / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings))
        flags = "--no-browser --ServerApp.port=0 --ServerApp.port_retries=0 --LabApp.expose_app_in_browser=True"
        flags += " --allow-root" * (hasattr(os, "getuid") and os.getuid() == 0)
        surroundings = os.environ | {f"JUPYTER_{name}_DIR": str(aside / name.lower())
                                     for name in ("CONFIG", "DATA", "RUNTIME")}
        surroundings |= {"JUPYTERLAB_SETTINGS_DIR": str(aside / "settings"),
                         "JUPYTERLAB_WORKSPACES_DIR": str(aside / "workspaces")}
        for name in ("PYTHONPATH", "QMIX_COURSE_PROGRESS", "TQDM_DISABLE"):     # a learner has none of these
            surroundings.pop(name, None)
        self.page, self.log = None, aside / "log.txt"
        with open(self.log, "w") as log:
            self.server = subprocess.Popen(["make", "lab", f'PY="{sys.executable}"', f"LAB_FLAGS={flags}"], cwd=course,
                                           env=surroundings, stdout=log, stderr=log, start_new_session=True)
        try:
            # What Jupyter opens for a person: a page that leads to the notebook, token included.
            first = self.wait(lambda: next((aside / "runtime").glob("jpserver-file-to-run-*.html"), None), "the server")
            options = webdriver.ChromeOptions()
            options.binary_location = browser
            for flag in [*FLAGS, f"--user-data-dir={aside / 'profile'}"]:
                options.add_argument(flag)
            self.page = webdriver.Chrome(options=options, service=Service(driver))
            self.page.set_script_timeout(SECONDS)
            # JupyterLab's document in front is the one that has the focus, and a window that nobody sees has none.
            self.page.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
            self.page.get(first.as_uri())
            self.wait(lambda: self.path() == "my/notebooks/00_start_here.ipynb", "lesson 00")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self.page is not None:
            self.page.quit()
        if self.server.poll() is not None:
            return
        os.killpg(self.server.pid, signal.SIGTERM)              # JupyterLab ends its kernels, then itself
        try:
            self.server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()

    def wait(self, look, what: str):
        """What ``look`` returns once it is true."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            if self.server.poll() is not None:
                break
            time.sleep(0.3)
        if self.page is not None:
            self.page.save_screenshot(str(self.log.with_suffix(".png")))
        raise AssertionError(f"{what} did not come; {self.log}:\n{self.log.read_text()[-3000:]}")

    def js(self, script: str, *arguments):
        """What a script returns; ``widget`` in it is the document in front, and a promise is waited for."""
        text = f"""const [given, done] = [Array.from(arguments).slice(0, -1), arguments[arguments.length - 1]];
            const widget = window.jupyterapp?.shell?.currentWidget;
            Promise.resolve((async function () {{ {script} }}).apply(null, given))
                .then(done, error => done("failed: " + error))"""
        return self.page.execute_async_script(text, *arguments)

    def path(self) -> str | None:
        """The path of the document in front, once it is there to be used."""
        return self.js("return widget?.context?.isReady ? widget.context.path : null")

    def kind(self) -> str:
        return self.js("return widget.content.constructor.name + ' ' + widget.content.node.className")

    def open(self, path: str) -> None:
        self.js("await jupyterapp.commands.execute('docmanager:open', {path: arguments[0]})", path)
        self.wait(lambda: self.path() == path, path)

    def close_document(self) -> None:
        self.js("widget.dispose()")

    def links(self) -> list[str]:
        """The links of the page in front, as they were written; those to other sites are not counted."""
        self.wait(lambda: self.js("return !widget.content.widgets || widget.content.widgets.every(cell => "
                                  "!cell.placeholder && (cell.model.type !== 'markdown' || "
                                  "cell.node.querySelector('.jp-RenderedMarkdown')))"), "the cells")
        return self.js("return [...widget.node.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))")

    def follow(self, position: int) -> None:
        """Click one of the links."""
        self.js("widget.node.querySelectorAll('a[href]')[arguments[0]].click()", position)

    def run_all(self) -> None:
        """Run all cells of the notebook in front and wait for the last one."""
        self.wait(lambda: self.js("return widget.sessionContext.session?.kernel?.status === 'idle'"), "the kernel")
        self.js("await jupyterapp.commands.execute('notebook:run-all-cells')")
        self.wait(lambda: self.js("return widget.sessionContext.session?.kernel?.status === 'idle'"),
                  "the end of the run")

    def save(self) -> None:
        self.js("await widget.context.save()")
        self.wait(lambda: self.js("return !widget.context.model.dirty"), "a saved notebook")

    def answer(self, grade_id: str, source: str) -> None:
        """Write an answer into the cell that is there for it."""
        self.js("widget.content.widgets.find(c => c.model.getMetadata('nbgrader')?.grade_id === arguments[0])"
                ".model.sharedModel.setSource(arguments[1])", grade_id, source)

    def said(self, grade_id: str) -> str:
        """The text that stands below a cell."""
        return self.js("return widget.content.widgets.find(c => c.model.getMetadata('nbgrader')?.grade_id === "
                       "arguments[0]).node.querySelector('.jp-OutputArea-output')?.innerText ?? ''", grade_id)
