"""Run the real ``footnote`` command, optionally without any network."""

import io
import os
import shutil
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from rag import cli

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


def called(*arguments, stdin=""):
    """Return the same as ``footnote``, from a call in this process: for what only reads and says what is wrong."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), patch("sys.stdin", io.StringIO(stdin)):
        try:
            code = cli.main([*map(str, arguments)])
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def heed_interrupts():
    """Let a process that is started next be stopped by Ctrl-C, even where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def without_network():
    """Return what to put in front of a command so that it has no network, or ``None`` where that is not allowed."""
    prefix = ["unshare", "--net", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        return None
    return prefix
