"""The process that reads files, in which some files do what they should not: ``python -m hostile FD MEMORY``."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from rag import documents, reading

HARM = {
    b"exit": lambda: os._exit(3),
    b"segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    b"hang": lambda: time.sleep(600),
    b"grow": lambda: [bytearray(1 << 26) for _ in range(1000)],
    b"shout": lambda: print("shout", "!" * 1_000_000, file=sys.stderr),
}
read = documents._document


def harmful(data, name, suffix):
    if data.startswith(b"harm: "):
        HARM[data.split()[1]]()
    return read(data, name, suffix)


if __name__ == "__main__":
    documents._document = harmful
    reading.serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
