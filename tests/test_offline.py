"""Nothing leaves the machine: a chat turn in a real browser, with the real models, where there is no network at all."""

import os
import shutil
import subprocess
import sys

import pytest
from browser import CHROMIUM
from command import ROOT, without_network


@pytest.mark.llm
@pytest.mark.browser
def test_a_chat_turn_without_any_interface_but_loopback(ingested, tmp_path):
    prefix = without_network()
    if prefix is None:
        pytest.skip("this user may not make a network namespace (unshare)")
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    index = shutil.copytree(ingested, tmp_path / "index")
    picture = tmp_path / "chat.png"
    turn = f"ip link set lo up && exec {sys.executable} tests/screenshot.py --to {picture}"
    done = subprocess.run(
        [*prefix, "sh", "-c", turn],
        cwd=ROOT,
        env=os.environ | {"FOOTNOTE_INDEX": str(index), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
