"""Views of an image depend on its content and the view's number, so that features can be kept."""

from __future__ import annotations

import numpy as np

from core.training.augmentation.options import Augmentation
from core.training.frozen import variations

MEDIUM = Augmentation.model_validate("medium")
DIGESTS = [f"{number:064x}" for number in (2**250, 2**251 + 7, 2**252 + 9)]


def photos() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)


def test_an_image_is_varied_alike_whatever_else_is_in_the_batch() -> None:
    images, views = photos(), variations(MEDIUM, 2)
    together = views.make(images, DIGESTS, 1)
    alone = [views.make(images[i : i + 1], DIGESTS[i : i + 1], 1)[0] for i in (2, 0)]
    assert np.array_equal(together[[2, 0]], np.stack(alone))


def test_another_view_and_another_content_are_varied_in_another_way() -> None:
    same = np.repeat(photos()[:1], 3, axis=0)
    views = variations(MEDIUM, 2)
    found = np.concatenate([views.make(same, DIGESTS, view) for view in (1, 2)])
    assert len(np.unique(found.reshape(6, -1), axis=0)) == 6


def test_the_version_changes_with_what_is_done_to_an_image_and_with_nothing_else() -> None:
    version = variations(MEDIUM, 2).version
    assert variations(Augmentation.model_validate("medium"), 3).version == version
    assert variations(MEDIUM.model_copy(update={"mixup": 0.2}), 2).version == version
    others = [MEDIUM.model_copy(update={"rotation": 13}), MEDIUM.model_copy(update={"blur": 0.1})]
    assert len({version, *(variations(options, 2).version for options in others)}) == 3


def test_there_are_as_many_views_as_asked_for_and_none_of_what_is_not_varied() -> None:
    assert variations(MEDIUM, 4).views == 4
    assert variations(Augmentation(mixup=0.2), 4).views == 0
