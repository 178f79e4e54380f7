"""MobileNetV3: MobileNetV2's blocks, arranged by a search for speed on phones (Howard et al.,
2019)."""

from __future__ import annotations

from core.datasets.downloads import Published
from core.features.backbones.backbone import URL, Backbone, register


def _file(name: str, digest: str, size: int) -> Published:
    name = f"weights_mobilenet_v3_{name}_224_1.0_float_no_top_v2.h5"
    return Published(f"{URL}mobilenet_v3/{name}", (name,), digest, size)


register(
    Backbone(
        key="mobilenet_v3_small",
        title="MobileNetV3 Small",
        application="MobileNetV3Small",
        file=_file("small", "d3e8ec802a04aa4fc771ee12a9a9b836", 4_334_752),
        taps=("before:expanded_conv_8_depthwise_pad", "last"),
        middle=288,
        last=576,
        usual=128,
        smallest=32,
        preprocessing="inside",
        version="mobilenet_v3_small-b8-last-v2",
    )
)
register(
    Backbone(
        key="mobilenet_v3_large",
        title="MobileNetV3 Large",
        application="MobileNetV3Large",
        file=_file("large", "07fb09a5933dd0c8eaafa16978110389", 12_683_000),
        taps=("before:expanded_conv_12_depthwise_pad", "last"),
        middle=672,
        last=960,
        usual=128,
        smallest=32,
        preprocessing="inside",
        version="mobilenet_v3_large-b12-last-v2",
    )
)
