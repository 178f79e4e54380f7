"""A person's error is one readable sentence or two."""

from core.errors import LightboxError, UnreadableImage


def test_the_sentence_names_the_file_and_what_to_do() -> None:
    error = LightboxError("This is not an image.", file="cats/a.txt", remedy="Remove it.")
    assert str(error) == "This is not an image (cats/a.txt). Remove it."
    assert error.title == "This is not an image."


def test_without_a_file_or_a_remedy_nothing_dangles() -> None:
    assert str(LightboxError("No.")) == "No."


def test_an_unreadable_image_says_in_which_way() -> None:
    error = UnreadableImage("truncated", "The file ends in the middle.", file="a.jpg")
    assert error.kind == "truncated"
    assert "a.jpg" in str(error)
