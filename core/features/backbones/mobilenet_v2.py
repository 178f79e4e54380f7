"""MobileNetV2: narrow blocks that are widened inside (Sandler et al., 2018)."""

from __future__ import annotations

from core.datasets.downloads import Published
from core.features.backbones.backbone import URL, Backbone, register

# One set of convolution weights serves every image size, but Keras files it under five names; any
# of them will do. No digest of them is published.
_NAMES = tuple(
    f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{size}_no_top.h5"
    for size in (224, 192, 160, 128, 96)
)

register(
    Backbone(
        key="mobilenet_v2",
        title="MobileNetV2",
        application="MobileNetV2",
        file=Published(f"{URL}mobilenet_v2/{_NAMES[0]}", _NAMES, "", 9_406_464),
        taps=("block_13_expand_relu", "out_relu"),
        middle=576,
        last=1280,
        usual=128,
        smallest=32,
        preprocessing="unit",
        version="mobilenet_v2-b13-out-v2",
        offers=(
            ("block_13_expand_relu", 576),
            ("block_15_expand_relu", 960),
            ("out_relu", 1280),
            ("block_5_expand_relu", 192),
            ("block_8_expand_relu", 384),
            ("block_11_expand_relu", 576),
        ),
        tuned="block_6_expand_relu",
    )
)
