"""One line of JSON an event; numbers and mail addresses of people never reach a log whole."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog

PHONE = re.compile(r"(?:\+|%2B)\d{6,13}(\d\d)")
"""E.164, also as it stands in the address of a request."""
NATIONAL = re.compile(r"(?<![\w.+-])(?:1[-. ]?)?\(?[2-9]\d\d\)?[-. ]{0,2}[2-9]\d\d[-. ]?\d\d(\d\d)(?!\w)", re.ASCII)
"""The same as people write it: ten digits of the North American plan, with or without signs between them."""
MAIL = re.compile(r"[\w.+-]+@([\w-]+\.)+\w+")


def redact(text: str) -> str:
    """A text in which phone numbers keep their last two digits and mail addresses only their domain's end."""
    return MAIL.sub("<mail>", NATIONAL.sub(r"…\1", PHONE.sub(r"+…\1", text)))


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = _redacted(value)
    return event


def _redacted(value: Any) -> Any:
    """A value as it may be logged: texts are cut, however deep they lie."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(part) for part in value]
    return value


def configure(level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers to standard error as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(ensure_ascii=False), foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # it names each while it is imported
    sys.excepthook = _died
    threading.excepthook = lambda args: _died(args.exc_type, args.exc_value, args.exc_traceback)


def _died(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    """What nobody caught is logged like everything else: the interpreter's own print would show a number whole."""
    if error is None or issubclass(kind, (KeyboardInterrupt, SystemExit)):
        sys.__excepthook__(kind, error or kind(), where)
        return
    get(__name__).critical("died", exc_info=(kind, error, where))


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
