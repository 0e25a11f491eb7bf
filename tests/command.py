"""Run the real ``footnote`` command, optionally without any network."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

FOOTNOTE = [sys.executable, "-m", "rag.cli"]
ROOT = Path(__file__).parent.parent


def footnote(*arguments, cwd=ROOT, stdin=None, prefix=(), environment=None, timeout=600):
    """Return the finished process of ``footnote`` with ``arguments``."""
    return subprocess.run(
        [*prefix, *FOOTNOTE, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}),
        timeout=timeout,
        check=False,
    )


def heed_interrupts():
    """Let a process that is started next be stopped by Ctrl-C, even where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def without_network():
    """Return what to put in front of a command so that it has no network, or ``None`` where that is not allowed."""
    prefix = ["unshare", "--net", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        return None
    return prefix
