"""What a validator has against a value, in the words of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# By the kinds of Pydantic's errors; what stands in braces is in an error's context.
_WORDS = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "should be a whole number"),
    "int_parsing_size": "should be a smaller number",
    **dict.fromkeys(("float_parsing", "float_type"), "should be a number"),
    "finite_number": "should be a number that is not infinite",
    **dict.fromkeys(("bool_parsing", "bool_type"), "should be true or false"),
    "string_type": "should be text",
    **dict.fromkeys(("list_type", "tuple_type"), "should be a list"),
    **dict.fromkeys(("dict_type", "model_type"), "should have parts with names"),
    "greater_than_equal": "should be {ge} or more",
    "greater_than": "should be more than {gt}",
    "less_than_equal": "should be {le} or less",
    "less_than": "should be less than {lt}",
    **dict.fromkeys(("literal_error", "enum"), "should be {expected}"),
    "string_too_short": "should have {min_length} characters or more",
    "string_too_long": "should have {max_length} characters or fewer",
    "too_short": "should be {min_length} or more, and there are {actual_length}",
    "too_long": "should be {max_length} or fewer, and there are {actual_length}",
    "missing": "is missing",
    "extra_forbidden": "is nothing that can be set here",
}


def complaint(error: ErrorDetails) -> str:
    """What is wrong with a value, to complete a sentence that began with it: ``should be a whole
    number``. Of a check of ours, and of a kind that has no words here, what it says itself."""
    words = _WORDS.get(error["type"])
    if words is None:
        return error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return words.format_map(error.get("ctx", {}))
