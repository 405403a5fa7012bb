"""Runs a program that ends when whoever started it ends, however that happens.

A script by itself, so that it starts quickly: `python -I -S leash.py PARENT PROGRAM ARGUMENTS…`,
with a pipe as its standard input that the parent keeps open.

On Linux the kernel sends a signal when the thread that started us ends, and this process becomes
the program. Elsewhere it stays beside the program and waits for the end of the pipe.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Become the program, or stay beside it."""
    stay = arguments[0] == "--stay"
    parent, *command = arguments[1:] if stay else arguments
    if sys.platform != "linux" or stay:
        return _stay(command)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == int(parent):  # else it had ended before we asked
        os.execv(command[0], command)  # noqa: S606 - the command is ours
    return 1


def _stay(command: list[str]) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the command is ours

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, pass_on)
    threading.Thread(target=_end_with_the_pipe, args=(child,), daemon=True).start()
    return child.wait()


def _end_with_the_pipe(child: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1024):
        pass
    child.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
