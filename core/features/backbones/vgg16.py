"""VGG16: thirteen 3 × 3 convolutions one after the other (Simonyan & Zisserman, 2014)."""

from __future__ import annotations

from core.datasets.downloads import Published
from core.features.backbones.backbone import URL, Backbone, register

_NAME = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"

register(
    Backbone(
        key="vgg16",
        title="VGG16",
        application="VGG16",
        file=Published(
            f"{URL}vgg16/{_NAME}", (_NAME,), "6d6bbae143d832006294945121d1f1fc", 58_889_256
        ),
        taps=("block4_pool", "block5_pool"),
        middle=512,
        last=512,
        usual=128,
        smallest=32,
        preprocessing="caffe",
        version="vgg16-b4-b5-v2",
    )
)
