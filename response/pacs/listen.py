"""A storage provider (C-STORE SCP) that takes what a PACS sends and runs the main job on it.

Success is answered only when an object is on disk under its name; everything else is found again
from the spool after a kill. Log lines name studies by opaque names, never a patient.
"""

from __future__ import annotations

import logging
import shutil
import ssl
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pynetdicom import _config, evt
from pynetdicom._globals import ALL_TRANSFER_SYNTAXES
from pynetdicom.ae import ApplicationEntity
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.presentation import AllStoragePresentationContexts
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from response.errors import InputError
from response.pacs.files import read_identity
from response.pacs.jobs import Finished, JobOptions, Runner
from response.pacs.peers import Peer, may_send
from response.pacs.spool import Spool
from response.pacs.studies import Kept, Outcome, Studies, find_outcome
from response.pacs.transport import MAX_PDU_BYTES, BoundedHandler, BoundedServer
from response.workspace import Workspace

SUCCESS, NO_SPACE, OTHER_CLASS, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xA900, 0xC000
"""Status codes of C-STORE (PS3.4, table B.2-1)."""

DIFFERENT = 0xC001
"""Cannot understand: another object under a UID that is here already."""

RETIRED_JPEG = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (*range(52, 57), *range(58, 67)))
"""Processes of JPEG that were withdrawn; archives still hold them."""

TRANSFER_SYNTAXES = (*ALL_TRANSFER_SYNTAXES, *RETIRED_JPEG)

CALLING_UNKNOWN, CALLED_UNKNOWN = 0x03, 0x07
STALE_S = 900.0
POLL_S = 0.25


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and to whom to listen; ``peers`` empty: to anybody."""

    host: str
    port: int
    title: str
    peers: tuple[Peer, ...]
    idle_s: float
    tls: ssl.SSLContext | None = None
    keep_s: float = 7 * 86400.0
    max_object_bytes: int = 2 * 2**30
    reserve_bytes: int = 2**30
    max_associations: int = 8
    timeout_s: float = 60.0


class Listener:
    """Receives, and hands complete studies to the main job.

    Parameters
    ----------
    workspace
        Where to.
    listening
        Where to listen, and to whom.
    options
        How to read what comes.
    say
        Takes log lines.
    """

    def __init__(
        self,
        workspace: Workspace,
        listening: Listening,
        options: JobOptions,
        say: Callable[[str], None],
    ) -> None:
        self._workspace, self._listening, self._options = workspace, listening, options
        self._say = say
        self._studies = Studies(Spool.of(workspace), listening.idle_s)
        self._tallies: dict[int, Counter[str]] = {}
        self._sizes: Counter[int] = Counter()

    def run(self, stop: threading.Event) -> None:
        """Listen and work until told to stop.

        Raises
        ------
        InputError
            The port cannot be had.
        """
        with self._workspace.private_folder() as folder:
            incoming = folder / "incoming"
            incoming.mkdir()
            self._prepare_library(incoming)
            server = self._start()
            runner = Runner(self._workspace.home, folder, self._options)
            try:
                while not stop.wait(POLL_S):
                    self._step(runner)
                    _remove_stale(incoming)
            finally:
                self._say("stopping; what was acknowledged is kept")
                server.stop()
                runner.stop()

    def _prepare_library(self, incoming: Path) -> None:
        """Let pynetdicom write what comes straight to our disk, and say nothing of it."""
        _config.STORE_RECV_CHUNKED_DATASET = True
        _config.LOG_HANDLER_LEVEL = "none"
        for name in ("pynetdicom", "pydicom"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        tempfile.tempdir = str(incoming)
        threading.excepthook = lambda args: self._say(f"a connection failed: {args.exc_type}")

    def _start(self) -> BoundedServer:
        at = self._listening
        entity = ApplicationEntity(ae_title=at.title)
        entity.require_called_aet = True
        entity.require_calling_aet = sorted({peer.title for peer in at.peers})
        entity.maximum_associations = at.max_associations
        entity.maximum_pdu_size = MAX_PDU_BYTES
        entity.network_timeout = entity.dimse_timeout = at.timeout_s
        entity.acse_timeout = min(at.timeout_s, 30.0)
        entity.add_supported_context(Verification)
        for context in AllStoragePresentationContexts:
            if context.abstract_syntax:
                entity.add_supported_context(context.abstract_syntax, list(TRANSFER_SYNTAXES))
        handlers = [
            (evt.EVT_REQUESTED, self._admit),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_PDU_RECV, self._weigh),
            (evt.EVT_CONN_CLOSE, self._close),
            (evt.EVT_RELEASED, self._close),
            (evt.EVT_ABORTED, self._close),
        ]
        try:
            server = BoundedServer(
                entity,
                (at.host, at.port),
                at.title,
                entity.supported_contexts,
                at.tls,
                evt_handlers=handlers,  # type: ignore[arg-type]
                request_handler=BoundedHandler,
            )
        except OSError as error:
            raise InputError(
                f"listen: {at.host} port {at.port} cannot be had ({error.strerror})"
            ) from None
        threading.Thread(target=server.serve_forever, name="accept", daemon=True).start()
        how = "TLS" if at.tls else "no TLS"
        self._say(f"listening as {at.title} on {at.host} port {server.port} ({how})")
        return server

    def _admit(self, event: Event) -> None:
        """Turn away who may not send, or means somebody else."""
        requestor = event.assoc.requestor
        asked = requestor.primitive
        assert asked is not None  # it is what this event tells of
        calling, called = asked.calling_ae_title, asked.called_ae_title
        reason = 0
        if self._listening.peers and not may_send(
            self._listening.peers, calling, requestor.address or ""
        ):
            reason = CALLING_UNKNOWN
        elif called.strip() != self._listening.title:
            reason = CALLED_UNKNOWN
        if reason:
            self._say(f"refused: {calling!r} at {requestor.address} calls {called!r}")
            event.assoc.acse.send_reject(0x01, 0x01, reason)
            event.assoc.kill()

    def _weigh(self, event: Event) -> None:
        """Cut off who sends an object that is too large, or fills the disk."""
        key, pdu = id(event.assoc), event.pdu
        if pdu.pdu_type != 0x04:  # P-DATA-TF
            return
        before = self._sizes[key]
        self._sizes[key] += len(pdu)
        crossed = self._sizes[key] // 2**24 > before // 2**24
        full = crossed and self._is_full()
        if full or self._sizes[key] > self._listening.max_object_bytes:
            what = "the disk is nearly full" if full else "the object is too large"
            self._say(f"cut off: {event.assoc.requestor.ae_title!r}: {what}")
            if event.assoc.dul.socket is not None:
                event.assoc.dul.socket.close()

    def _is_full(self) -> bool:
        free = shutil.disk_usage(self._studies.folder).free
        return free < self._listening.reserve_bytes

    def _store(self, event: Event) -> int:
        """Keep one object; the status is what the sender goes by."""
        tally = self._tallies.setdefault(id(event.assoc), Counter())
        self._sizes[id(event.assoc)] = 0
        request = cast(C_STORE, event.request)
        if self._is_full():
            self._say("no space: the disk is nearly full")
            tally["no space"] += 1
            return NO_SPACE
        try:
            identity = read_identity(event.dataset_path)
        except InputError as error:
            self._say(f"refused an object: {error}")
            tally["refused"] += 1
            return NOT_UNDERSTOOD
        if (identity.sop_uid, identity.sop_class_uid) != (
            str(request.AffectedSOPInstanceUID),
            str(request.AffectedSOPClassUID),
        ):
            tally["refused"] += 1
            return OTHER_CLASS
        try:
            kept, study = self._studies.keep(event.dataset_path, identity, id(event.assoc))
        except OSError as error:
            self._say(f"no space: {error.strerror}")
            return NO_SPACE
        tally[kept.value] += 1
        if kept is Kept.DIFFERENT:
            self._say(f"study {study.name}: refused another object under a UID that is here")
            return DIFFERENT
        return SUCCESS

    def _close(self, event: Event) -> None:
        key = id(event.assoc)
        self._sizes.pop(key, None)
        self._studies.close(key)
        tally = self._tallies.pop(key, None)
        if tally:
            counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))
            who = event.assoc.requestor
            self._say(f"received from {who.ae_title!r} at {who.address}: {counts}")

    def _step(self, runner: Runner) -> None:
        """Take note of a job that has ended; start the next one."""
        finished = runner.poll()
        if finished is not None:
            self._note(finished)
        if runner.busy:
            return
        for study in self._studies.forget_old(self._listening.keep_s):
            self._say(f"study {study.name}: removed from the spool, the store has it")
        for work in self._studies.find_work():
            self._say(f"study {work.name}: complete, {work.count} objects; working on it")
            runner.start(work)
            return

    def _note(self, finished: Finished) -> None:
        work, told = finished.work, finished.told
        self._studies.note(work, finished.outcome, told)
        line = f"study {work.name}: {finished.outcome.value}"
        if finished.outcome is not Outcome.FAILED:
            line += f"; {told['taken']} time points taken, {told['unchanged']} unchanged"
        if told.get("refused") or told.get("problem"):
            line += f"; why is in {find_outcome(work.studies[0].folder)}"
        self._say(line)
        if self._options.deidentify and finished.outcome is not Outcome.DONE:
            self._say(
                f"study {work.name}: what was sent stays, with its patient's identity, in "
                f"{self._studies.folder} until it is taken whole; delete it there to give it up"
            )


def _remove_stale(folder: Path) -> None:
    """Remove halves of objects whose sender is long gone."""
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime + STALE_S < time.time():
                path.unlink()
        except FileNotFoundError:
            continue
