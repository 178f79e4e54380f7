"""The fruit sample is the same on every machine, and each picture is another one."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from core.datasets.fruit import CLASSES, draw_fruit

# BLAKE2b of the pixels of the first and the sixth picture of each class: the sixth is a hard one.
DIGESTS = {
    "apple": "44370205dd71fb87",
    "banana": "341e33bcb81389b1",
    "orange": "246d917f4a8dd0da",
    "pear": "aab6e8f5f09668de",
}


@pytest.mark.parametrize("kind", CLASSES)
def test_pictures_are_the_same_to_the_last_bit(kind: str) -> None:
    pictures = [draw_fruit(kind, number) for number in (0, 5)]
    assert {each.shape for each in pictures} == {(224, 224, 3)}
    data = b"".join(each.tobytes() for each in pictures)
    assert hashlib.blake2b(data, digest_size=8).hexdigest() == DIGESTS[kind]


def test_pictures_differ_from_each_other_and_have_something_in_them() -> None:
    pictures = [draw_fruit(kind, number) for kind in CLASSES for number in range(3)]
    for n, one in enumerate(pictures):
        assert one.std() > 12
        for other in pictures[:n]:
            assert np.abs(one.astype(int) - other).mean() > 8
