"""Each kind does to an image what its name says, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.training.augmentation.draw import COLUMNS, Drawn, draw
from core.training.augmentation.options import PRESETS, Augmentation
from core.training.augmentation.vary import apply, vary

SIZE = 48
EVERYTHING = Augmentation(
    flip_horizontal=True,
    flip_vertical=True,
    rotation=30,
    zoom=0.3,
    shift=0.2,
    shear=10,
    brightness=0.2,
    contrast=0.4,
    saturation=0.5,
    hue=0.1,
    blur=1.5,
    noise=0.05,
    cutout=0.3,
    randaugment=5,
)


def photos(n: int = 12, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def plain(color: tuple[int, int, int], n: int = 40, size: int = SIZE) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.uint8), (n, size, size, 3)).copy()


def dot(row: int, column: int, size: int = SIZE) -> np.ndarray:
    """One dark image with a bright dot of 3 × 3 pixels."""
    image = np.full((1, size, size, 3), 20, np.uint8)
    image[0, row - 1 : row + 2, column - 1 : column + 2] = 250
    return image


def place(image: np.ndarray) -> tuple[float, float]:
    """Row and column of the dot's middle."""
    light = image[0].astype(float).mean(axis=2) - 20
    light[light < 20] = 0
    at = np.arange(len(light))
    return float(light.sum(1) @ at / light.sum()), float(light.sum(0) @ at / light.sum())


def exactly(images: np.ndarray, **amounts: Any) -> np.ndarray:
    """Images changed by known amounts, the rest being off."""
    n = len(images)
    nothing = draw(Augmentation(), np.full((n, len(COLUMNS)), 0.5), images.shape[1])
    values = {name: np.full(n, amount) for name, amount in amounts.items()}
    return apply(images, Drawn(**{**vars(nothing), **values}))


def varied(images: np.ndarray, seed: int = 1, **options: Any) -> np.ndarray:
    return vary(images, Augmentation(**options), np.random.default_rng(seed))


def test_with_all_off_images_stay_as_they_are() -> None:
    images = photos()
    assert np.array_equal(varied(images), images)


def test_mixing_alone_leaves_single_images_as_they_are() -> None:
    images = photos()
    assert np.array_equal(varied(images, mixup=0.4, cutmix=1), images)


@pytest.mark.parametrize("options", [EVERYTHING, *(Augmentation(**p) for p in PRESETS.values())])
def test_shape_and_type_stay_and_the_given_images_are_untouched(options: Augmentation) -> None:
    images = photos()
    before = images.copy()
    out = vary(images, options, np.random.default_rng(1))
    assert (out.shape, out.dtype) == (images.shape, np.uint8)
    assert np.array_equal(images, before)
    assert not np.shares_memory(out, images)


def test_the_same_seed_gives_the_same_images_and_another_others() -> None:
    images = photos()
    first, again, other = (
        vary(images, EVERYTHING, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_number_of_threads_makes_no_difference() -> None:
    images = photos(13)
    alone, together = (
        vary(images, EVERYTHING, np.random.default_rng(1), threads=threads) for threads in (1, 4)
    )
    assert np.array_equal(alone, together)


def test_every_image_is_varied_in_its_own_way() -> None:
    out = vary(np.repeat(photos(1), 30, axis=0), EVERYTHING, np.random.default_rng(1))
    assert len(np.unique(out.reshape(30, -1), axis=0)) == 30


def test_one_kind_more_leaves_the_others_as_they_were() -> None:
    images = plain((90, 90, 90))
    darker = varied(images, brightness=0.2)
    turned_too = varied(images, brightness=0.2, rotation=30)
    assert np.array_equal(darker, turned_too)


def test_no_images_are_no_images() -> None:
    assert vary(photos(0), EVERYTHING, np.random.default_rng(1)).shape == (0, SIZE, SIZE, 3)


@pytest.mark.parametrize("size", [32, 33])
@pytest.mark.parametrize(("option", "axis"), [("flip_horizontal", 2), ("flip_vertical", 1)])
def test_flips_mirror_about_half_of_the_images_exactly(option: str, axis: int, size: int) -> None:
    images = photos(60, size)
    out = varied(images, **{option: True})
    mirrored = (out == np.flip(images, axis)).all(axis=(1, 2, 3))
    same = (out == images).all(axis=(1, 2, 3))
    assert (mirrored | same).all()
    assert 15 < mirrored.sum() < 45


def test_a_flip_within_a_movement_mirrors_too() -> None:
    found = exactly(dot(10, 12), mirror=True, across=3 / SIZE)
    assert place(found) == pytest.approx((10, SIZE - 1 - 12 + 3), abs=0.1)
    found = exactly(dot(10, 12), flip=True, across=3 / SIZE)
    assert place(found) == pytest.approx((SIZE - 1 - 10, 12 + 3), abs=0.1)


def test_turning_by_a_right_angle_is_exact_and_anticlockwise() -> None:
    images = photos()
    turned = np.rot90(images, 1, axes=(1, 2)).astype(int)
    assert np.abs(exactly(images, turn=90.0) - turned).max() <= 1  # Pillow rounds down


def test_turning_moves_a_dot_along_a_circle() -> None:
    middle, radius = (SIZE - 1) / 2, 14
    row, column = place(dot(24, 38))
    assert (row, column) == (24, 38)
    found = place(exactly(dot(24, 38), turn=30.0))
    angle = np.deg2rad(30) + np.arctan2(middle - 24, 38 - middle)
    radius = float(np.hypot(24 - middle, 38 - middle))
    expected = (middle - radius * np.sin(angle), middle + radius * np.cos(angle))
    assert found == pytest.approx(expected, abs=0.2)


def test_rotation_stays_within_what_was_asked_and_goes_both_ways() -> None:
    images = np.repeat(dot(24, 40), 60, axis=0)
    rows = np.array([place(image[None])[0] for image in varied(images, rotation=20)])
    most = 16.5 * np.sin(np.deg2rad(20)) + 1
    assert np.abs(rows - 23.5).max() <= most
    assert rows.min() < 21
    assert rows.max() > 26


def test_zooming_in_moves_a_dot_outwards_and_out_inwards() -> None:
    middle = (SIZE - 1) / 2
    expected_in = (middle + (30 - middle) * 1.5,) * 2
    assert place(exactly(dot(30, 30), zoom=1.5)) == pytest.approx(expected_in, abs=0.2)
    at = place(exactly(dot(36, 24), zoom=0.8))
    assert at == pytest.approx((middle + 12.5 * 0.8, middle + 0.5 * 0.8), abs=0.2)


def test_shift_moves_by_the_given_share_of_the_side() -> None:
    at = place(exactly(dot(20, 20), across=0.25, down=-0.125))
    assert at == pytest.approx((20 - 6, 20 + 12), abs=0.05)


def test_a_shift_reaches_as_far_as_asked_and_no_further() -> None:
    images = np.repeat(dot(24, 24), 80, axis=0)
    at = np.array([place(image[None]) for image in varied(images, shift=0.25)])
    assert np.abs(at - 24).max() <= 12.1
    assert (np.abs(at - 24).max(axis=0) > 9).all()


def test_shear_leans_what_is_below_to_one_side_and_what_is_above_to_the_other() -> None:
    below, above = (exactly(dot(row, 24), shear=20.0) for row in (34, 13))
    lean = np.tan(np.deg2rad(20)) * 10.5
    assert place(below) == pytest.approx((34, 24 + lean), abs=0.3)
    assert place(above) == pytest.approx((13, 24 - lean), abs=0.3)


@pytest.mark.parametrize(
    "movement",
    [
        {"turn": 45.0},
        {"zoom": 0.1},
        {"zoom": 0.6, "turn": 170.0},
        {"across": 0.5, "down": -0.5},
        {"shear": 45.0},
        {"zoom": 0.1, "turn": 45.0, "across": 0.8},
    ],
)
def test_no_corner_turns_black(movement: dict[str, float]) -> None:
    white = plain((255, 250, 240), n=1)
    assert np.array_equal(exactly(white, **movement), white)


@pytest.mark.parametrize("pixels", [10, 23])
def test_beyond_the_border_an_image_goes_on_as_in_a_mirror(pixels: int) -> None:
    images = photos(3)
    around = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), mode="reflect")
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, -1)):
        out = exactly(images, across=across * pixels / SIZE, down=down * pixels / SIZE)
        row, column = pixels - down * pixels, pixels - across * pixels
        expected = around[:, row : row + SIZE, column : column + SIZE].astype(int)
        assert np.abs(out - expected).max() <= 1


def test_far_beyond_the_border_it_goes_on_too() -> None:
    far = exactly(photos(3), zoom=1 / 3.5)  # 60 pixels on each side: more than a whole image
    assert far[:, :, 0].std() > 20


def test_brightness_moves_the_mean_by_up_to_its_share_of_the_range() -> None:
    means = varied(plain((127, 127, 127)), brightness=0.2).mean(axis=(1, 2, 3)) - 127
    assert np.abs(means).max() <= 0.2 * 255 + 0.5
    assert means.min() < -25
    assert means.max() > 25


def test_contrast_draws_values_from_mid_grey_or_towards_it() -> None:
    image = np.concatenate([plain((77, 77, 77), 1, 8), plain((177, 177, 177), 1, 8)], axis=2)
    found = exactly(image, contrast=1.5)[0, 0, [0, -1], 0]
    assert found.tolist() == pytest.approx([127.5 - 50.5 * 1.5, 127.5 + 49.5 * 1.5], abs=1)


def test_light_stops_at_black_and_white() -> None:
    assert (exactly(plain((250, 250, 250), 1), brightness=0.3) == 255).all()
    assert (exactly(plain((10, 10, 10), 1), brightness=-0.3) == 0).all()


@pytest.mark.parametrize("options", [{"hue": 0.5}, {"saturation": 1}])
@pytest.mark.parametrize("grey", [0, 90, 255])
def test_colours_of_a_grey_image_stay_grey(options: dict[str, float], grey: int) -> None:
    images = plain((grey, grey, grey))
    assert np.abs(varied(images, **options).astype(int) - grey).max() <= 1


def test_saturation_makes_colours_paler_to_grey_or_stronger() -> None:
    red = plain((160, 90, 90), 1)
    spread = [int(np.ptp(exactly(red, saturation=s)[0, 0, 0])) for s in (0.0, 0.5, 1.5)]
    assert spread == pytest.approx([0, 35, 105], abs=2)


def test_hue_turns_through_all_colours_and_back() -> None:
    red = plain((170, 90, 90), 1)
    third = exactly(red, hue=1 / 3)[0, 0, 0]
    assert third[0] < max(third[1:])
    assert np.abs(exactly(red, hue=1.0).astype(int) - red).max() <= 1


def test_colours_and_light_together_are_one_after_the_other() -> None:
    images = photos() // 4 + 90  # far from the ends, where clipping would come between
    both = exactly(images, hue=0.05, brightness=0.1, contrast=1.2)
    one_by_one = exactly(exactly(images, hue=0.05), brightness=0.1, contrast=1.2)
    assert np.abs(both.astype(int) - one_by_one).max() <= 2


@pytest.mark.parametrize("deviation", [0.4, 0.8, 1.5, 3.0])
def test_blur_spreads_a_point_by_its_standard_deviation(deviation: float) -> None:
    image = np.zeros((1, 41, 41, 3), np.uint8)
    image[0, 20, :] = 255  # a line: spread in one direction only, so that rounding matters little
    line = exactly(image, blur=deviation)[0, :, 20, 0].astype(float)
    spread = np.sqrt(line @ (np.arange(41) - 20.0) ** 2 / line.sum())
    assert spread == pytest.approx(deviation, rel=0.12)
    assert line.sum() == pytest.approx(255, rel=0.05)


def test_noise_has_the_given_deviation_and_differs_from_image_to_image() -> None:
    images = plain((127, 127, 127), n=30)
    noise = exactly(images, noise=0.05).astype(float) - 127
    assert noise.std() == pytest.approx(0.05 * 255, rel=0.05)
    assert abs(noise.mean()) < 0.3
    drawn = varied(images, noise=0.1).astype(float) - 127
    deviations = drawn.std(axis=(1, 2, 3)) / 255
    assert deviations.max() <= 0.11
    assert deviations.std() > 0.01
    grainy = drawn[deviations > 0.02].reshape((deviations > 0.02).sum(), -1)
    alike = np.corrcoef(grainy) - np.eye(len(grainy))
    assert np.abs(alike).max() < 0.1


def test_noise_stops_at_black_and_white() -> None:
    assert exactly(plain((255, 255, 255), 1), noise=0.05).min() > 150
    assert exactly(plain((0, 0, 0), 1), noise=0.05).max() < 105


def test_noise_covers_images_larger_than_what_is_kept_of_it() -> None:
    large = plain((127, 127, 127), n=1, size=640)
    assert exactly(large, noise=0.1).std() == pytest.approx(25.5, rel=0.05)


def test_cutout_covers_a_grey_square_of_the_given_side() -> None:
    white = plain((255, 255, 255), 1)
    grey = exactly(white, cutout=0.25, cutout_x=0.5, cutout_y=0.25)[0] != 255
    assert grey.sum() == 3 * 12 * 12
    assert grey[6:18, 18:30].all()


def test_a_cutout_is_no_larger_than_asked_and_anywhere() -> None:
    covered = (varied(plain((255, 255, 255), 200), cutout=0.5) != 255).all(axis=3)
    assert covered.sum(axis=(1, 2)).max() <= 24 * 24
    assert covered.any(axis=0).mean() > 0.95


def test_randaugment_does_more_to_an_image_the_stronger_it_is() -> None:
    images = plain((60, 120, 180), 200)
    images[:, 10:30, 10:30] = (200, 60, 20)
    changes = [
        np.abs(varied(images, randaugment=m).astype(int) - images).mean() for m in (1, 4, 10)
    ]
    assert 0 < changes[0] < changes[1] < changes[2]


def test_randaugment_draws_two_kinds_an_image_and_each_kind_at_times() -> None:
    numbers = np.random.default_rng(0).random((500, len(COLUMNS)))
    drawn = draw(Augmentation(randaugment=7), numbers, SIZE)
    off = {
        "turn": 0,
        "shear": 0,
        "zoom": 1,
        "across": 0,
        "down": 0,
        "brightness": 0,
        "contrast": 1,
        "saturation": 1,
        "hue": 0,
        "blur": 0,
        "noise": 0,
        "cutout": 0,
    }
    changed = np.array([getattr(drawn, name) != value for name, value in off.items()])
    assert (changed.sum(axis=0) == 2).all()
    assert (changed.sum(axis=1) > 40).all()


def test_the_strongest_of_everything_still_gives_images() -> None:
    most = Augmentation(
        flip_horizontal=True,
        flip_vertical=True,
        rotation=180,
        zoom=0.9,
        shift=0.5,
        shear=45,
        brightness=1,
        contrast=1,
        hue=0.5,
        saturation=1,
        blur=5,
        noise=0.5,
        cutout=0.7,
        randaugment=10,
    )
    numbers = np.random.default_rng(0).random((2000, len(COLUMNS)))
    assert draw(most, numbers, 16).zoom.min() == 0.1  # never smaller, or nothing is left to see
    out = vary(photos(40, 16), most, np.random.default_rng(3))
    assert (out.shape, out.dtype) == ((40, 16, 16, 3), np.uint8)
