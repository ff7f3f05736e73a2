"""jupyter_client's kernel manager and client, for kernels that may be warm and should not be waited for in vain."""

import asyncio
import time
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import default

from hub_config.reports.execution.warm.asking import KernelStart

__all__ = ["KernelManager"]

POLL = 0.005  # seconds between two looks whether a kernel has ended


class _Provisioner(LocalProvisioner):
    """jupyter_client's own, which asks for a warm kernel first and notices an end at once."""

    start: KernelStart

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel: a fork of the warm parent, or the command."""
        kernel = self.start.ask(cmd, options=kwargs)
        if kernel is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = kernel  # type: ignore[assignment] # it has a Popen's face
        self.pid = self.pgid = kernel.pid  # it leads a session of its own
        self.cwd = kwargs["cwd"]
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the kernel's end."""
        while self.process is not None and self.process.poll() is None:
            await asyncio.sleep(POLL)
        return await super().wait()


class _Client(AsyncKernelClient):
    """jupyter_client's own; it knows a kernel is ready by what it says, not by how long it was silent."""

    @default("context")
    def _fast_context(self) -> zmq.asyncio.Context:
        self._created_context = True
        context = zmq.asyncio.Context()
        # The client knocks while the kernel still makes its sockets; the library's own pause is a tenth of a second.
        context.setsockopt(zmq.RECONNECT_IVL, 5)
        return context

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while not await self._is_ready():
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")

    wait_for_ready = _async_wait_for_ready

    async def _is_ready(self) -> bool:
        asked = self.kernel_info()
        reply = await self._next(self.get_shell_msg, about=asked, kind="kernel_info_reply", wait=1.0)
        if reply is None:
            return False
        # A subscription takes effect a moment after the kernel listens: without this answer more would be missed.
        idle = await self._next(self.get_iopub_msg, about=asked, kind="status", wait=0.05)
        if idle is None:
            return False
        self._handle_kernel_info_reply(reply)
        return True

    @staticmethod
    async def _next(receive: Any, *, about: str, kind: str, wait: float) -> Any:
        """Take messages until the one that ends an answer has come; None if nothing comes for a while."""
        while True:
            try:
                message = await receive(timeout=wait)
            except Empty:
                return None
            busy = kind == "status" and message["content"].get("execution_state") != "idle"
            if message["msg_type"] == kind and message["parent_header"].get("msg_id") == about and not busy:
                return message


class KernelManager(AsyncKernelManager):
    """jupyter_client's own, whose kernels may be warm."""

    start: KernelStart

    @default("client_factory")
    def _client_of_ours(self) -> Any:
        return _Client

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        spec: Any = self.kernel_spec
        if self.provisioner is None and not spec.metadata.get("kernel_provisioner"):
            self.provisioner = _Provisioner(kernel_id=self.kernel_id, kernel_spec=spec, parent=self)
            self.provisioner.start = self.start
        return await super()._async_pre_start_kernel(**options)

    async def _async_wait(self, pollinterval: float = POLL) -> None:
        await super()._async_wait(pollinterval=min(pollinterval, POLL))
