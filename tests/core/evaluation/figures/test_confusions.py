"""A confusion matrix is laid out so that what belongs together lies together."""

from __future__ import annotations

import numpy as np

from core.evaluation.figures.confusions import most_confused, similarity_order


def planted() -> np.ndarray:
    """Classes 0 and 3 are mixed up with each other, and so are 1 and 4."""
    table = np.eye(6, dtype=int) * 20
    table[0, 3] = table[3, 0] = 8
    table[1, 4] = 6
    return table


def test_classes_that_are_mixed_up_lie_side_by_side() -> None:
    order = similarity_order(planted())
    assert sorted(order) == list(range(6))
    assert abs(order.index(0) - order.index(3)) == 1
    assert abs(order.index(1) - order.index(4)) == 1


def test_the_order_does_not_depend_on_how_many_images_a_class_has() -> None:
    table = planted()
    table[0] *= 50
    order = similarity_order(table)
    assert abs(order.index(0) - order.index(3)) == 1


def test_the_same_matrix_gives_the_same_order() -> None:
    table = np.random.default_rng(0).poisson(0.4, (40, 40))
    assert similarity_order(table) == similarity_order(table.copy())
    assert sorted(similarity_order(table)) == list(range(40))


def test_without_confusion_classes_stay_as_they_are() -> None:
    assert similarity_order(np.eye(5, dtype=int)) == [0, 1, 2, 3, 4]
    assert similarity_order(np.zeros((3, 3), int)) == [0, 1, 2]
    assert similarity_order(np.array([[1, 2], [3, 4]])) == [0, 1]
    assert similarity_order(np.zeros((0, 0), int)) == []


def test_the_most_confused_classes_come_in_pairs() -> None:
    assert set(most_confused(planted(), 2)) == {0, 3}
    assert set(most_confused(planted(), 4)) == {0, 3, 1, 4}
    assert len(most_confused(planted(), 5)) == 5
    assert most_confused(planted(), 99) == list(range(6))


def test_the_pair_counts_both_ways() -> None:
    table = np.eye(4, dtype=int) * 9
    table[0, 1] = table[1, 0] = 3
    table[2, 3] = 4
    assert set(most_confused(table, 2)) == {0, 1}
