"""What a person sees: TensorBoard's pages of a short training in a real browser, read and photographed."""

import base64
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dirv_tf import losses, metrics
from dirv_tf.datasets import ChessboardPairs
from dirv_tf.models import DIRVNet
from dirv_tf.training.monitoring import TensorBoardMonitor

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Seconds; a loaded machine may be slow, and every wait ends as soon as what it waits for is there.
PATIENCE = 180
SCALAR_TAGS = {"1 overview/loss", "1 overview/endpoint error (px)", "2 displacement reduction (%)/finest level"}
SCALAR_HEADINGS = {
    "1 overview",
    "2 displacement reduction (%)",
    "3 displacement loss (px)",
    "4 intensity reduction (%)",
    "5 intensity loss (× 255)",
    "6 step size |α|, level 0",
    "7 saturation (% of filter responses), level 0",
    "8 training",
}
# TensorBoard unfolds the first headings only.
PICTURE_TAGS = {"A registration/pair 0", "B flow field/pair 0"}
PICTURE_HEADINGS = {"A registration", "B flow field", "C field after every unit", "D potentials", "E kernels"}
# TensorBoard's page is built of shadow trees, which neither `innerText` nor a dump of the document shows.
READ_PAGE = """(() => {
  const texts = [], pictures = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (['SCRIPT', 'STYLE', 'TEMPLATE'].includes(element.tagName)) continue;
      for (const child of element.childNodes)
        if (child.nodeType === 3 && child.data.trim()) texts.push(child.data.trim().replace(/\\s+/g, ' '));
      if (element.tagName === 'IMG' && element.src.includes('individualImage'))
        pictures.push([element.naturalWidth, element.naturalHeight]);
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document);
  return {texts, pictures};
})()"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on this machine")


class Browser:
    """A headless Chromium, spoken to by the DevTools protocol: JSON messages over pipes, each ended by a zero byte."""

    def __init__(self, profile):
        (commands, self._commands), (self._answers, answers) = os.pipe(), os.pipe()

        def place_pipes():
            # Chromium reads from file descriptor 3 and writes to 4. Duplicated high first: one may stand on 3 or 4.
            ends = os.dup2(commands, 103), os.dup2(answers, 104)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        arguments = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run"
        self._process = subprocess.Popen(
            [BROWSER, *arguments.split(), "--window-size=1400,1000", "--remote-debugging-pipe", f"--user-data-dir={profile}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=place_pipes,
            close_fds=False,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        os.set_blocking(self._answers, False)
        self._received, self._number, self._session = b"", 0, {}

    def open_tab(self):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}

    def ask(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer, separator, rest = self._received.partition(b"\0")
            if separator:
                self._received, answer = rest, json.loads(answer)
                if answer.get("id") == self._number:
                    assert "error" not in answer, answer
                    return answer["result"]
                continue
            try:
                read = os.read(self._answers, 1 << 20)
            except BlockingIOError:
                time.sleep(0.02)
                continue
            assert read, "the browser has ended"
            self._received += read
        raise TimeoutError(f"the browser did not answer {method} within {PATIENCE} s")

    def open(self, url):
        # A change of the fragment alone would not load the page anew.
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=url)

    def read(self):
        return self.ask("Runtime.evaluate", expression=READ_PAGE, returnByValue=True)["result"]["value"]

    def screenshot(self):
        encoded = self.ask("Page.captureScreenshot", format="png")["data"]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")).astype(int)

    def close(self):
        # Its own session, so this ends the browser's child processes too and nothing else.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._commands)
        os.close(self._answers)


@pytest.fixture(scope="module")
def log_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "tensorboard"
    element = ChessboardPairs((16, 16), cell_range=(3, 5), count=4, batch_size=4, transform="affine").frozen_batch()
    model = DIRVNet(levels=1, units=1, experts=2, kernel_sizes=(3, 3), knots=5)
    model.compile(
        tf.keras.optimizers.Adam(1e-2), losses.DisplacementLoss(), [metrics.RegistrationErrors()], run_eagerly=True
    )
    monitor = TensorBoardMonitor(folder, element, pictures_every=2, samples=1)
    model.fit(tf.data.Dataset.from_tensors(element), epochs=2, callbacks=[monitor], verbose=0)
    return folder


@pytest.fixture(scope="module")
def address(log_folder, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(log_folder), "--port", "0"]
    with open(log, "w") as output:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(r"http://localhost:\d+/", log.read_text())):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield found.group()
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    try:
        browser.open_tab()
        yield browser
    finally:
        browser.close()


def last_look(look, satisfied):
    """Look until it satisfies or the patience ends; the test asserts on what was seen last."""
    deadline = time.monotonic() + PATIENCE
    while not satisfied(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return seen


def count_pixels(screenshot, color):
    """Pixels of that color right of TensorBoard's side bar and below its head bar, which have colors of their own."""
    return int((np.abs(screenshot[150:, 380:] - color).max(axis=-1) < 20).sum())


def test_scalars_page_draws_the_curves(browser, address):
    browser.open(address + "#scalars")
    page = last_look(browser.read, lambda page: SCALAR_TAGS | SCALAR_HEADINGS <= set(page["texts"]))
    assert SCALAR_TAGS | SCALAR_HEADINGS <= set(page["texts"])
    line_color = (255, 112, 67)
    screenshot = last_look(browser.screenshot, lambda picture: count_pixels(picture, line_color) > 500)
    assert count_pixels(screenshot, line_color) > 500


def test_images_page_shows_the_pictures(browser, address):
    browser.open(address + "#images")

    def complete(page):
        named, pictures = PICTURE_TAGS | PICTURE_HEADINGS <= set(page["texts"]), page["pictures"]
        return named and len(pictures) == len(PICTURE_TAGS) and all(map(min, pictures))

    page = last_look(browser.read, complete)
    assert PICTURE_TAGS | PICTURE_HEADINGS <= set(page["texts"])
    assert len(page["pictures"]) == len(PICTURE_TAGS)
    assert all(300 < side < 2500 for picture in page["pictures"] for side in picture)
    # The dark blue and dark red ends of the difference maps' colors, which nothing else on the page has.
    colors = (5, 48, 97), (103, 0, 31)
    screenshot = last_look(browser.screenshot, lambda seen: all(count_pixels(seen, each) > 20 for each in colors))
    for color in colors:
        assert count_pixels(screenshot, color) > 20
