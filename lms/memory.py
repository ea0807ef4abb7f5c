"""How the C library keeps what the process gives back, where that is glibc; others need none of this."""

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


def keep_little() -> None:
    """Keep no more memory than is used; to be called before the first thread is started.

    glibc gives each thread a heap of its own, which keeps what its busiest moment took. And it keeps blocks of the
    size that Argon2 needs for the next time, one for each thread, once the first of them was freed: that would be
    19 MB for every thread that ever saw a sign-in. With a fixed threshold they go back to the system.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, 1024 * 1024)
