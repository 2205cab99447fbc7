"""A page with pieces on it, in a browser that nobody sees, cut off from every network."""

from __future__ import annotations

import pytest
from browser import FLAGS, programs

PHONE, DESK = 390, 1200


class Page:
    """Pieces on a page of their own. ``js`` runs a script that knows the first one's ``host``, ``card`` and
    ``touch``, and ``find`` gives what a selector finds in it."""

    def __init__(self, driver, folder):
        self.driver, self.folder = driver, folder

    def show(self, *pieces, width=DESK, calm=True, scripts=True, background="#fff"):
        reduced = {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"}
        for command, options in (
                ("Emulation.setDeviceMetricsOverride",
                 dict(width=width, height=900, deviceScaleFactor=1, mobile=width < 500)),
                ("Emulation.setTouchEmulationEnabled", dict(enabled=width < 500)),
                ("Emulation.setScriptExecutionDisabled", dict(value=not scripts)),
                ("Emulation.setEmulatedMedia", dict(features=[reduced])),
                ("Network.enable", {}),
                ("Network.emulateNetworkConditions",
                 dict(offline=True, latency=0, downloadThroughput=0, uploadThroughput=0))):
            self.driver.execute_cdp_cmd(command, options)
        body = "".join(piece._repr_html_() for piece in pieces)
        path = self.folder / "page.html"
        path.write_text('<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
                        f'<body style="background:{background}">{body}</body>', encoding="utf-8")
        self.driver.get_log("browser")
        self.driver.get(path.as_uri())
        return self

    def js(self, script, *arguments):
        return self.driver.execute_script(
            "const host = document.querySelector('.qmix-touch'), touch = host.touch, "
            f"card = host.shadowRoot && host.shadowRoot.querySelector('.card'); {script}", *arguments)

    def find(self, selector):
        return self.driver.find_element("css selector", ".qmix-touch").shadow_root.find_elements("css selector",
                                                                                                selector)

    def named(self, name):
        """The control with this accessible name."""
        return next(each for each in self.find("input, button, select, svg") if each.accessible_name == name)

    def text(self):
        return self.js("return card.innerText")

    def said(self):
        return self.js("return card.querySelector('[role=status]').textContent")

    def tap(self, element):
        """A finger's tap in the middle of an element."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        box = self.driver.execute_script("const b = arguments[0].getBoundingClientRect(); "
                                         "return [b.x + b.width / 2, b.y + b.height / 2]", element)
        for kind, points in (("touchStart", [{"x": box[0], "y": box[1]}]), ("touchEnd", [])):
            self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def complaints(self):
        return [line["message"] for line in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    browser, driver = programs()
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    folder = tmp_path_factory.mktemp("page")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in [*FLAGS, f"--user-data-dir={folder / 'profile'}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver))
    yield Page(driver, folder)
    driver.quit()
