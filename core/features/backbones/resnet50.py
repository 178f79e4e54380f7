"""ResNet50: fifty layers with shortcuts around every three (He et al., 2015)."""

from __future__ import annotations

from core.datasets.downloads import Published
from core.features.backbones.backbone import URL, Backbone, register

_NAME = "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"

register(
    Backbone(
        key="resnet50",
        title="ResNet50",
        application="ResNet50",
        file=Published(
            f"{URL}resnet/{_NAME}", (_NAME,), "4d473c1dd8becc155b73f8504c6f6626", 94_765_736
        ),
        taps=("conv4_block6_out", "conv5_block3_out"),
        middle=1024,
        last=2048,
        usual=160,
        smallest=32,
        preprocessing="caffe",
        version="resnet50-c4-c5-v2",
    )
)
