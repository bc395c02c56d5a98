"""``@track()``: functions, coroutines and generators of which every call is a run."""

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from greentrack.errors import ConfigError

if TYPE_CHECKING:
    from greentrack.tracking.tracker import Tracker

P = ParamSpec("P")
T = TypeVar("T")


def decorated(function: Callable[P, T], tracker: "Callable[[], Tracker]") -> Callable[P, T]:
    """Return *function* with every call of it inside a new *tracker*. Raises ConfigError for what is no function."""
    if isinstance(function, staticmethod | classmethod):
        return type(function)(decorated(function.__func__, tracker))
    if isinstance(function, type) or not callable(function):
        raise ConfigError(f"{function!r} is not a function; decorate the method that is to be recorded")
    wrapper: Callable[P, T] = functools.wraps(function)(_wrapped(function, tracker))
    return wrapper


def _wrapped(function: Callable[..., Any], tracker: "Callable[[], Tracker]") -> Any:
    if inspect.isasyncgenfunction(function):

        async def agenerate(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with tracker():
                async with contextlib.aclosing(function(*args, **kwargs)) as items:  # closed before its run ends
                    sent = None
                    with contextlib.suppress(StopAsyncIteration):
                        while True:
                            sent = yield await items.asend(sent)

        return agenerate
    if inspect.iscoroutinefunction(function):

        async def await_it(*args: Any, **kwargs: Any) -> Any:
            with tracker():
                return await function(*args, **kwargs)

        return await_it
    if inspect.isgeneratorfunction(function):

        def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with tracker():
                return (yield from function(*args, **kwargs))

        return generate

    def call(*args: Any, **kwargs: Any) -> Any:
        with tracker():
            return function(*args, **kwargs)

    return call
