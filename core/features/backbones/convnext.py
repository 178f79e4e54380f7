"""ConvNeXt-Tiny: convolutions arranged as transformers are (Liu et al., 2022)."""

from __future__ import annotations

from core.datasets.downloads import Published
from core.features.backbones.backbone import URL, Backbone, register

_NAME = "convnext_tiny_notop.h5"

register(
    Backbone(
        key="convnext_tiny",
        title="ConvNeXt-Tiny",
        application="ConvNeXtTiny",
        file=Published(
            f"{URL}convnext/{_NAME}",
            (_NAME,),
            "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
            111_650_432,
        ),
        taps=("before:convnext_tiny_stage_3_block_0_depthwise_conv", "last"),
        middle=768,
        last=768,
        usual=160,
        smallest=64,
        preprocessing="inside",
        version="convnext_tiny-s3-last-v2",
        # Its last normalisation was trained on the mean over the picture.
        arguments=(("pooling", "avg"),),
    )
)
