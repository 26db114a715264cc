"""Work that goes on beside a test: in threads, and in forked children."""

import os
import threading
from collections.abc import Callable

LONGEST = 60  # seconds that a thread may take


def together(*works: Callable[[], object]) -> None:
    """Runs functions in threads of their own, which begin at once; raises what one of them raised."""
    start = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(timeout=10)
            work()
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=LONGEST)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def child(work: Callable[[], object]) -> int:
    """Does something in a forked child, which ends without cleaning up; its number."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid


def ended_well(pid: int) -> bool:
    """Waits for a child; whether it came to the end of its work."""
    return os.waitpid(pid, 0)[1] == 0
