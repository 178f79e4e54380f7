"""Networks that were trained on ImageNet, one family a file, each registered as a
:class:`Backbone`.

A backbone turns RGB pixels into a vector of features: the means over the picture of its last layer,
which says what kind of thing is shown, and those over each quarter of the picture of a layer two
thirds of the way up, which says more of shapes and where they are. With these of MobileNetV2's, ten
hand signs are told apart right 98 % of the time by a linear head at 96 pixels; with the middle
layer's means over the whole picture, 95 %; with the last layer alone, 90 %.

Importable without Keras, so that pages can offer what there is.
"""

from __future__ import annotations

# Each family registers what it has when it is imported.
from core.features.backbones import (
    convnext,
    efficientnet_lite,
    efficientnet_v2,
    mobilenet_v2,
    mobilenet_v3,
    resnet50,
    vgg16,
)
from core.features.backbones.backbone import BACKBONES, INCLUDED, Backbone, Peaks, get
