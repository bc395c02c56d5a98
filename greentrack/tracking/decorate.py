"""``@track()``: makes each call of a function, coroutine function or generator a run."""

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, ParamSpec, TypeVar

from greentrack.errors import ConfigError

P = ParamSpec("P")
T = TypeVar("T")
Recording = Callable[[], contextlib.AbstractContextManager[Any]]
"""Returns the context manager that one call runs in."""


def decorated(function: Callable[P, T], recording: Recording) -> Callable[P, T]:
    """Return *function* with each of its calls inside ``with recording():``.

    Raises ConfigError for a class and for an object that cannot be called.
    """
    if isinstance(function, staticmethod | classmethod):
        return type(function)(decorated(function.__func__, recording))
    if isinstance(function, type) or not callable(function):
        raise ConfigError(f"{function!r} is not a function; decorate the method that is to be recorded")
    wrapper: Callable[P, T] = functools.wraps(function)(_wrapped(function, recording))
    return wrapper


def _wrapped(function: Callable[..., Any], recording: Recording) -> Any:
    if inspect.isasyncgenfunction(function):

        async def agenerate(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with recording():
                async with contextlib.aclosing(function(*args, **kwargs)) as items:  # closed before the run ends
                    sent = None
                    with contextlib.suppress(StopAsyncIteration):
                        while True:
                            sent = yield await items.asend(sent)

        return agenerate
    if inspect.iscoroutinefunction(function):

        async def await_it(*args: Any, **kwargs: Any) -> Any:
            with recording():
                return await function(*args, **kwargs)

        return await_it
    if inspect.isgeneratorfunction(function):

        def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with recording():
                return (yield from function(*args, **kwargs))

        return generate

    def call(*args: Any, **kwargs: Any) -> Any:
        with recording():
            return function(*args, **kwargs)

    return call
