"""Arrays that compiled code uses without counting references to them.

numba counts a reference at every call that is given an array, with an atomic instruction: a third of the time
of a placement. Whoever calls from Python holds the arrays until the call is over, so nothing need be counted.
"""

# numba infers the types of arguments, so annotations would be decoration
# ruff: noqa: ANN001, ANN202
# mypy: disable-error-code="no-untyped-def, no-any-return, misc"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from numba.extending import intrinsic


@intrinsic
def _lend(_context, array):
    """The same array without its count of references, which would change at every use of a field."""

    def generate(context, builder, signature, arguments):
        made = context.make_array(signature.args[0])(context, builder, value=arguments[0])
        made.meminfo = made.meminfo.type(None)
        made.parent = made.parent.type(None)
        return made._getvalue()  # noqa: SLF001  so numba hands out the value of what it builds

    return array(array), generate


lend = cast("Callable[[Any], Any]", _lend)  # as compiled code calls it: without the context
