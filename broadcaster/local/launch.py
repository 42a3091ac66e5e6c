"""The first breath of a child: give up root if asked to, arrange to die with the parent, become the program.

Run by its path with a bare interpreter (``python -I -S launch.py PARENT SIGNAL UID:GID PROGRAM [ARGUMENT...]``),
because ``preexec_fn`` is unsafe, and warned of, in a parent that has threads. ``UID:GID`` is ``-`` to stay who we are.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)
ORPHANED = 75  # EX_TEMPFAIL of sysexits.h


def become(user: str) -> None:
    """Drop to ``UID:GID`` for good, with no other group; "-" changes nothing."""
    if user == "-":
        return
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, farewell: int) -> None:
    """Ask the kernel for a signal when the parent ends (Linux only); leave at once if it has already ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, farewell, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(ORPHANED)


def main(arguments: list[str]) -> None:
    """Never returns: the program takes the place of this interpreter. Raises OSError if it cannot be run."""
    parent, farewell, user, *program = arguments
    become(user)  # first: a change of user clears the death signal
    die_with(int(parent), int(farewell))
    os.execvp(program[0], program)  # noqa: S606 - an argument list of ours, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
