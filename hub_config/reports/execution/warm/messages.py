"""What worker, parent and host say to each other.

Over the *channel*, which a worker inherits from its runner, goes one byte with one end of a fresh socket; over that
*connection*, which nobody else has, go JSON documents, one a line, and the kernel's files. Standard library only.
"""

import array
import contextlib
import json
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["BROKEN", "Connection", "answer", "knock"]

KNOCK = b"k"
LARGEST = 4 * 2**20
# What is raised where nobody is at the other end, or talks nonsense.
BROKEN = (OSError, ValueError, EOFError)


def knock(channel: socket.socket) -> "Connection":
    """Ask the parent for a connection of one's own.

    Parameters
    ----------
    channel : socket.socket
        The channel.

    Returns
    -------
    Connection
        This side of it.

    Raises
    ------
    OSError
        If the parent is gone or does not keep up.
    """
    mine, theirs = socket.socketpair()
    try:
        with theirs:
            socket.send_fds(channel, [KNOCK], [theirs.fileno()], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError:
        mine.close()
        raise
    return Connection(mine)


def answer(channel: socket.socket) -> "Connection | None":
    """Take one connection from the channel.

    Parameters
    ----------
    channel : socket.socket
        The channel.

    Returns
    -------
    Connection or None
        None if nobody holds the other end of the channel any more.

    Raises
    ------
    ValueError
        If there came something else.
    """
    said, files, _flags, _address = socket.recv_fds(channel, 16, 1)
    if not said:
        return None
    if len(files) != 1:
        raise ValueError("a knock without a connection")
    os.set_inheritable(files[0], False)
    return Connection(socket.socket(fileno=files[0]))


class Connection:
    """One end of a conversation about one kernel.

    Parameters
    ----------
    end : socket.socket
        A connected stream socket; closed with this.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""

    def fileno(self) -> int:
        """Give the descriptor, to wait for.

        Returns
        -------
        int
            -1 if it is closed.
        """
        return self._end.fileno()

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def send(self, document: Mapping[str, Any], *, files: Sequence[int] = (), wait: float | None = None) -> None:
        """Send one document.

        Parameters
        ----------
        document : mapping
            What JSON can hold.
        files : sequence of int
            Descriptors of open files that go with it; at most 8.
        wait : float, optional
            Seconds; for ever when left out.
        """
        self._end.settimeout(wait)
        if files:
            socket.send_fds(self._end, [KNOCK], list(files), socket.MSG_NOSIGNAL)
        self._end.sendall(json.dumps(document).encode() + b"\n", socket.MSG_NOSIGNAL)

    def receive(self, *, wait: float | None = None) -> dict[str, Any]:
        """Receive one document.

        Parameters
        ----------
        wait : float, optional
            Seconds for each piece of it; for ever when left out.

        Returns
        -------
        dict
            The document.

        Raises
        ------
        EOFError
            If the other end is closed.
        ValueError
            If it is no document.
        """
        self._end.settimeout(wait)
        while b"\n" not in self._rest:
            piece = self._end.recv(65536)
            if not piece:
                raise EOFError
            self._rest += piece
            if len(self._rest) > LARGEST:
                raise ValueError("a document larger than any")
        line, _, self._rest = self._rest.partition(b"\n")
        document = json.loads(line)
        if not isinstance(document, dict):
            raise ValueError("no document")
        return document

    def receive_with_files(self, *, wait: float) -> tuple[dict[str, Any], list[int]]:
        """Receive one document and the open files that go with it.

        Parameters
        ----------
        wait : float
            Seconds for each piece.

        Returns
        -------
        dict
            The document.
        list of int
            Descriptors that programs started from here do not inherit.

        Raises
        ------
        EOFError
            If the other end is closed.
        """
        self._end.settimeout(wait)
        said, ancillary, _flags, _address = self._end.recvmsg(1, socket.CMSG_SPACE(8 * array.array("i").itemsize))
        if not said:
            raise EOFError
        files = array.array("i")
        for _level, _kind, content in ancillary:
            files.frombytes(content[: len(content) - len(content) % files.itemsize])
        for file in files:
            os.set_inheritable(file, False)
        return self.receive(wait=wait), list(files)

    def wait_for_end(self, wait: float) -> bool:
        """Wait until the other end is closed, whatever it still says.

        Parameters
        ----------
        wait : float
            Seconds for each piece of what it says.

        Returns
        -------
        bool
            False if it is not closed in time.
        """
        with contextlib.suppress(OSError):
            self._end.settimeout(wait)
            while self._end.recv(65536):
                pass
            return True
        return False
