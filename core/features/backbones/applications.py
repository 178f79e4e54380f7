"""Networks that ``keras.applications`` has, with weights as Keras publishes them.

MobileNetV2: narrow blocks that are widened inside (Sandler et al., 2018). MobileNetV3: the same
blocks, arranged by a search for speed on phones (Howard et al., 2019). EfficientNetV2: found by a
search that counted training time too (Tan & Le, 2021). ResNet50: fifty layers with shortcuts around
every three (He et al., 2015). ConvNeXt: convolutions arranged as transformers are (Liu et al.,
2022). VGG16: thirteen 3 × 3 convolutions one after the other (Simonyan & Zisserman, 2014).
"""

from __future__ import annotations

from core.datasets.downloads import Published
from core.features.backbones.backbone import Backbone


def _file(folder: str, digest: str, size: int, *names: str) -> Published:
    url = "https://storage.googleapis.com/tensorflow/keras-applications"
    return Published(f"{url}/{folder}/{names[0]}", names, digest, size)


NETWORKS = (
    Backbone(
        key="convnext_tiny",
        title="ConvNeXt-Tiny",
        application="ConvNeXtTiny",
        file=_file(
            "convnext",
            "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
            111_650_432,
            "convnext_tiny_notop.h5",
        ),
        taps=("before:convnext_tiny_stage_3_block_0_depthwise_conv", "last"),
        middle=768,
        last=768,
        usual=160,
        smallest=64,
        version="convnext_tiny-s3-last-v2",
        # Its last normalisation was trained on the mean over the picture.
        arguments=(("pooling", "avg"),),
    ),
    Backbone(
        key="efficientnet_v2_b0",
        title="EfficientNetV2-B0",
        application="EfficientNetV2B0",
        file=_file(
            "efficientnet_v2",
            "893217f2bb855e2983157299931e43ff",
            24_274_472,
            "efficientnetv2-b0_notop.h5",
        ),
        taps=("block6a_expand_activation", "top_activation"),
        middle=672,
        last=1280,
        usual=160,
        version="efficientnet_v2_b0-b6a-top-v2",
    ),
    Backbone(
        key="mobilenet_v2",
        title="MobileNetV2",
        application="MobileNetV2",
        # One set of convolution weights serves every image size, but Keras files it under five
        # names; any of them will do. No digest of them is published.
        file=_file(
            "mobilenet_v2",
            "",
            9_406_464,
            *(
                f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{size}_no_top.h5"
                for size in (224, 192, 160, 128, 96)
            ),
        ),
        taps=("block_13_expand_relu", "out_relu"),
        middle=576,
        last=1280,
        usual=128,
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
    ),
    Backbone(
        key="mobilenet_v3_small",
        title="MobileNetV3 Small",
        application="MobileNetV3Small",
        file=_file(
            "mobilenet_v3",
            "d3e8ec802a04aa4fc771ee12a9a9b836",
            4_334_752,
            "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        ),
        taps=("before:expanded_conv_8_depthwise_pad", "last"),
        middle=288,
        last=576,
        usual=128,
        version="mobilenet_v3_small-b8-last-v2",
    ),
    Backbone(
        key="mobilenet_v3_large",
        title="MobileNetV3 Large",
        application="MobileNetV3Large",
        file=_file(
            "mobilenet_v3",
            "07fb09a5933dd0c8eaafa16978110389",
            12_683_000,
            "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
        ),
        taps=("before:expanded_conv_12_depthwise_pad", "last"),
        middle=672,
        last=960,
        usual=128,
        version="mobilenet_v3_large-b12-last-v2",
    ),
    Backbone(
        key="resnet50",
        title="ResNet50",
        application="ResNet50",
        file=_file(
            "resnet",
            "4d473c1dd8becc155b73f8504c6f6626",
            94_765_736,
            "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
        taps=("conv4_block6_out", "conv5_block3_out"),
        middle=1024,
        last=2048,
        usual=160,
        preprocessing="caffe",
        version="resnet50-c4-c5-v2",
    ),
    Backbone(
        key="vgg16",
        title="VGG16",
        application="VGG16",
        file=_file(
            "vgg16",
            "6d6bbae143d832006294945121d1f1fc",
            58_889_256,
            "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
        taps=("block4_pool", "block5_pool"),
        middle=512,
        last=512,
        usual=128,
        preprocessing="caffe",
        version="vgg16-b4-b5-v2",
    ),
)
