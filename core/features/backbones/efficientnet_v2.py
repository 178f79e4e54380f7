"""EfficientNetV2-B0: blocks found by a search that counted training time too (Tan & Le, 2021)."""

from __future__ import annotations

from core.datasets.downloads import Published
from core.features.backbones.backbone import URL, Backbone, register

_NAME = "efficientnetv2-b0_notop.h5"

register(
    Backbone(
        key="efficientnet_v2_b0",
        title="EfficientNetV2-B0",
        application="EfficientNetV2B0",
        file=Published(
            f"{URL}efficientnet_v2/{_NAME}",
            (_NAME,),
            "893217f2bb855e2983157299931e43ff",
            24_274_472,
        ),
        taps=("block6a_expand_activation", "top_activation"),
        middle=672,
        last=1280,
        usual=160,
        smallest=32,
        preprocessing="inside",
        version="efficientnet_v2_b0-b6a-top-v2",
    )
)
