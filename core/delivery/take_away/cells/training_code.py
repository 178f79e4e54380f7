"""The code of the notebook's training, as templates; see :mod:`core.delivery.take_away.cells`."""

from __future__ import annotations

COMPILE = '''
def prepare(network, rate):
    """Give a network its optimizer and loss."""
    optimizer = {{optimizer}}
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])   #? decays
    loss = {{loss}}
    top_3 = keras.metrics.TopKCategoricalAccuracy(3, name="top_3")   #? top_3
    auc = keras.metrics.AUC(multi_label=True, num_labels=len(CLASSES), name="auc")   #? auc
    metrics = ["accuracy"{{metrics}}]
    # Compiling with XLA takes longer than it saves in a short training.
    network.compile(optimizer, loss, metrics=metrics, jit_compile=False)


counts = np.bincount(labels[train], minlength=len(CLASSES))   #? weights
counts = np.bincount(labels[train], minlength=len(CLASSES))   #? sampling
rarity = len(train) / (np.maximum(counts, 1) * (counts > 0).sum())   #? weights
rarity = len(train) / (np.maximum(counts, 1) * (counts > 0).sum())   #? sampling
'''

RATE = '''
BY_HAND = {{by_hand}}  # learning rates that were set by hand, from the epoch on (the first is 0)   #? by_hand


class Rate(keras.callbacks.Callback):
    """Sets the learning rate before every step."""

    def __init__(self, peak, epochs, before=0):   #? by_hand
        super().__init__()   #? by_hand
        self.peak, self.epochs, self.before = peak, epochs, before   #? by_hand
    def __init__(self, peak, epochs):   #? !by_hand
        super().__init__()   #? !by_hand
        self.peak, self.epochs = peak, epochs   #? !by_hand

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        steps = math.ceil(len(train) / BATCH)   #? curved
        at = (self.epoch * steps + batch) / (self.epochs * steps)  # 0 to 1   #? curved
        if at < {{warmup}}:   #? warm
            share = 0.04 + 0.96 * at / {{warmup}}   #? warm
        else:   #? warm
            share = max(0.001, 0.5 + 0.5 * math.cos(math.pi * (at - {{warmup}}) / (1 - {{warmup}})))   #? warm
        share = max(0.001, 0.5 + 0.5 * math.cos(math.pi * at))   #? curved !warm
        share = {{factor}} ** (self.epoch // {{every}})   #? stepped
        rate = self.peak * share   #? !steady
        rate = self.peak   #? steady
        for first, value in BY_HAND.items():   #? by_hand
            if self.before + self.epoch >= first:   #? by_hand
                rate = value   #? by_hand
        self.model.optimizer.learning_rate = rate
'''

KEEP_BEST = '''
class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the best validation {{best_words}}."""

    def __init__(self, inputs):   #? scored
        super().__init__()   #? scored
        self.inputs, self.score = inputs, (-math.inf, -math.inf)   #? scored
    score = (-math.inf, -math.inf)   #? !scored

    def on_epoch_end(self, epoch, logs):
        answers = self.model.predict(self.inputs, verbose=0).argmax(axis=1)   #? scored
        logs["val_f1"] = f1_score(labels[validation], answers, average="macro")   #? by_f1
        logs["val_balanced_accuracy"] = balanced_accuracy_score(labels[validation], answers)   #? by_balanced
        score = (-logs["val_loss"],)   #? by_loss
        score = (logs["val_{{best_metric}}"], -logs["val_loss"])   #? !by_loss
        if score > self.score:
            self.score, self.epoch, self.weights = score, epoch + 1, self.model.get_weights()
'''

BATCHES = '''
class Batches(keras.utils.PyDataset):
    """Training images, in a new order in every epoch."""   #? !varies
    """Training images, in a new order and varied anew in every epoch."""   #? varies

    def __len__(self):
        return math.ceil(len(train) / BATCH)

    def begin(self, epoch):
        self.epoch = epoch
        rng = np.random.default_rng([SEED, 3, epoch])
        self.rows = train[rng.permutation(len(train))]   #? !sampling
        chance = rarity[labels[train]]   #? sampling
        self.rows = train[rng.choice(len(train), len(train), p=chance / chance.sum())]   #? sampling

    def __getitem__(self, number):
        rows = self.rows[number * BATCH : (number + 1) * BATCH]
        rng = np.random.default_rng([SEED, 7, self.epoch, number])   #? varies
        rng = np.random.default_rng([SEED, 7, self.epoch, number])   #? mixes !varies
        pixels, answers = images[rows], one_hot[labels[rows]]
        pixels = vary(pixels, rng)   #? varies
        pixels, answers = mix(pixels.astype("float32"), answers, rng)   #? mixes
        return pixels.astype("float32"), answers, answers @ rarity   #? weights
        return pixels.astype("float32"), answers   #? !weights


batches = Batches()
batches.begin(0)
'''

_CALLBACKS = """
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: {{batches}}.begin(epoch))
follow = [begin]
follow.append(Rate({{peak}}, epochs={{part_epochs}}{{before}}))   #? rated by_hand
follow.append(Rate({{peak}}, epochs={{part_epochs}}))   #? rated !by_hand
{{kept}} = KeepBest({{inputs}})   #? validated scored
{{kept}} = KeepBest()   #? validated !scored
follow.append({{kept}})   #? validated
follow.append(   #? stops
    keras.callbacks.EarlyStopping("{{stop_metric}}", patience={{patience}}, mode="{{stop_mode}}")   #? stops
)   #? stops
follow.append(   #? plateau
    keras.callbacks.ReduceLROnPlateau("val_loss", {{factor}}, {{plateau}}, min_delta=1e-4)   #? plateau validated
    keras.callbacks.ReduceLROnPlateau("loss", {{factor}}, {{plateau}}, min_delta=1e-4)   #? plateau !validated
)   #? plateau
history = {{network}}.fit(
    {{batches}},
    validation_data=({{inputs}}, one_hot[labels[validation]]),   #? validated
    validation_batch_size=64,   #? validated
    epochs={{fit_epochs}},
    shuffle=False,  # the batches see to it themselves
    verbose=2,
    callbacks=follow,
).history
"""


def _fitting(**names: str) -> str:
    """:data:`_CALLBACKS` with the names of one part put in, its other values left open."""
    text = _CALLBACKS
    for name, value in names.items():
        text = text.replace("{{" + name + "}}", value)
    return text


_PIXELS = "images[validation]"
FIT = (
    """
prepare(model, {{rate}})
"""
    + _fitting(
        batches="batches",
        peak="{{rate}}",
        part_epochs="{{epochs}}",
        kept="best",
        inputs=_PIXELS,
        network="model",
        fit_epochs="{{run_epochs}}",
        before="",
    )
    + """
model.set_weights(best.weights)   #? validated
print("Best epoch:", best.epoch)   #? validated
"""
)

FEATURES = """
views = [body.predict(images[train], verbose=0)]
for view in range(1, {{views}} + 1):   #? viewed
    varied = vary(images[train], np.random.default_rng([SEED, view]))   #? viewed
    views.append(body.predict(varied, verbose=0))   #? viewed
validation_features = body.predict(images[validation], verbose=0)   #? validated
"""

FEATURE_BATCHES = '''
class FeatureBatches(keras.utils.PyDataset):
    """Features of training images, in a new order in every epoch."""   #? !viewed
    """Features of training images or of a varied view of them, in a new order in every epoch."""   #? viewed

    def __len__(self):
        return math.ceil(len(train) / BATCH)

    def begin(self, epoch):
        rng = np.random.default_rng([SEED, 3, epoch])
        self.rows = rng.permutation(len(train))   #? !sampling
        chance = rarity[labels[train]]   #? sampling
        self.rows = rng.choice(len(train), len(train), p=chance / chance.sum())   #? sampling
        # One view more in each of the first epochs.   #? viewed
        self.view = rng.integers(0, min(epoch, {{views}}) + 1, len(train))   #? viewed

    def __getitem__(self, number):
        at = slice(number * BATCH, (number + 1) * BATCH)
        rows = self.rows[at]
        chosen = np.stack([views[view][row] for view, row in zip(self.view[at], rows)])   #? viewed
        chosen = views[0][rows]   #? !viewed
        answers = one_hot[labels[train[rows]]]
        return chosen, answers, answers @ rarity   #? weights
        return chosen, answers   #? !weights


feature_batches = FeatureBatches()
feature_batches.begin(0)
'''

FIT_HEAD = (
    """
keras.utils.set_random_seed(SEED)
prepare(head, {{rate}})
"""
    + _fitting(
        batches="feature_batches",
        peak="{{rate}}",
        part_epochs="{{epochs}}",
        kept="best",
        inputs="validation_features",
        network="head",
        fit_epochs="{{run_epochs}}",
        before="",
    )
    + """
head.set_weights(best.weights)   #? validated
print("Best epoch:", best.epoch)   #? validated
model = keras.Model(pixels, head(body.output), name="classifier")
"""
)

FIT_TUNING = (
    """
before = model.get_weights()
first_history = history
for layer in base.layers:
    if isinstance(layer, layers.BatchNormalization):
        layer.momentum = 0.9
weighing = [layer for layer in base.layers if layer.weights]   #? frozen
for layer in weighing[: round({{frozen}} * len(weighing))]:   #? frozen
    layer.trainable = False   #? frozen

keras.utils.set_random_seed(SEED + 1)
prepare(model, {{tuning_rate}})
"""
    + _fitting(
        batches="batches",
        peak="{{tuning_rate}}",
        part_epochs="{{tuning_epochs}}",
        kept="tuned",
        inputs=_PIXELS,
        network="model",
        fit_epochs="{{run_tuning}}",
        before=", before={{head_epochs}}",
    )
    + """
history = {name: first_history[name] + history[name] for name in first_history}
if tuned.score > best.score:   #? validated
    model.set_weights(tuned.weights)   #? validated
    print("Best epoch:", {{head_epochs}} + tuned.epoch)   #? validated
else:  # it has not helped: the head on the network as it was   #? validated
    model.set_weights(before)   #? validated
"""
)
