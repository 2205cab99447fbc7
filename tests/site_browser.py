"""A browser that nobody sees, before pages served from this machine, with no way to any other."""

from __future__ import annotations

import functools
import http.server
import threading
import time
from pathlib import Path

from browser import FLAGS, programs

NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
SECONDS = 60


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Browser:
    """``width``: of the window, in CSS pixels; below 500 it is a phone."""

    def __init__(self, site: Path, width: int, aside: Path):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        program, driver = programs()
        self.width = width
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in [*FLAGS, NO_NETWORK, f"--user-data-dir={aside / 'profile'}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        try:
            self.page = webdriver.Chrome(options=options, service=Service(driver))
        except BaseException:
            self.server.shutdown()
            raise
        self.page.set_script_timeout(SECONDS)
        self.page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                  {"width": width, "height": 850, "deviceScaleFactor": 1, "mobile": width < 500})
        self.outside: list[str] = []

    def close(self) -> None:
        self.page.quit()
        self.server.shutdown()
        self.server.server_close()

    def js(self, script: str, *arguments):
        return self.page.execute_script(script, *arguments)

    def wait(self, script: str, what: str):
        """What a script returns once it is true."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if found := self.js(script):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what} did not come on {self.page.current_url}")

    def open(self, name: str) -> None:
        """Open a page and wait until it is laid out and its formulas are set."""
        self.page.get(self.address + name)
        self.page.execute_async_script("""const done = arguments[0];
            const ready = () => Promise.resolve(window.MathJax?.startup?.promise).then(
                () => requestAnimationFrame(() => requestAnimationFrame(() => done(1))));
            document.readyState === 'complete' ? ready() : addEventListener('load', () => setTimeout(ready));""")
        self.outside += self.js("return performance.getEntriesByType('resource').map(e => e.name)"
                                ".filter(n => !n.startsWith(location.origin) && !n.startsWith('data:'))")

    def click(self, selector: str) -> None:
        """Click the first such element that a person can see, where a person would."""
        element = next(each for each in self.page.find_elements("css selector", selector) if each.is_displayed())
        self.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def drag(self, host: str, name: str, distance: int) -> None:
        """Drag a slider in a piece to touch, by so many pixels from where it stands; 0 is a click."""
        from selenium.webdriver import ActionChains

        found = self.page.find_element("css selector", host).shadow_root.find_elements("css selector", "input")
        control = next(each for each in found if each.accessible_name == name)
        self.js("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", control)
        start = self.js("""const input = arguments[0], low = Number(input.min), high = Number(input.max);
            const share = input.type === 'range' ? (input.value - low) / (high - low) - 0.5 : 0;
            return share * (input.clientWidth - 16)""", control)
        hand = ActionChains(self.page).move_to_element_with_offset(control, round(start), 0).click_and_hold()
        hand.move_by_offset(distance, 0).release().perform()

    def visible(self, selector: str) -> bool:
        return self.js("return document.querySelector(arguments[0]).checkVisibility()", selector)

    def search(self, words: str) -> None:
        """Type words into the search and press Enter."""
        self.click(".search-button-field, .search-button")
        self.page.find_element("css selector", "dialog input[type=search]").send_keys(words + "\n")
        self.wait("return location.pathname.endsWith('/search.html')", "the results")

    def lightness(self) -> float:
        """Of the page's background: 0 is black, 255 white."""
        return self.js("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)"
                       ".reduce((sum, part) => sum + Number(part), 0) / 3")

    def overflow(self) -> list[str]:
        """What makes the page wider than the window; empty if nothing does."""
        return self.js("""const root = document.documentElement, width = root.clientWidth;
            if (root.scrollWidth <= width) return [];
            return [root.scrollWidth + ' > ' + width, ...[...document.querySelectorAll('.bd-main *')]
                .filter(e => e.getBoundingClientRect().right > width + 1).slice(0, 5)
                .map(e => e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 50))]""")

    def complaints(self) -> list[str]:
        """Errors and warnings on the console since the last call."""
        return [entry["message"] for entry in self.page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def asked_for_outside(self) -> list[str]:
        return self.outside
