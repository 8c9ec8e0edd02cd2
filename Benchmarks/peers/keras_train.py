"""Keras on TensorFlow: `fit` on arrays, 50 steps an execution, with XLA (jit) and without (graph)."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import tensorflow

import turns

options = turns.arguments(["jit", "graph"])
tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
tensorflow.config.threading.set_inter_op_parallelism_threads(options.threads)

import keras
from keras import layers

keras.utils.set_random_seed(0)
images, labels = turns.samples(options.data, options.samples)
if options.model == "mnist-cnn":
    images = images.reshape(-1, 28, 28, 1)
    body = [
        layers.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten(),
        layers.Dense(128, activation="relu"), layers.Dense(10)]
else:
    body = [layers.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10)]
EXECUTION = 50
whole = len(labels) // (options.batch_size * EXECUTION) * options.batch_size * EXECUTION
model = keras.Sequential(body)
model.compile(
    optimizer=keras.optimizers.Adam(), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    steps_per_execution=EXECUTION, jit_compile=options.variant == "jit")


class TakeTurns(keras.callbacks.Callback):
    """Lets `fit` go on by as many steps as each order says, a multiple of EXECUTION."""

    def __init__(self):
        super().__init__()
        self.orders, self.turn, self.steps, self.left = turns.orders(), None, 0, EXECUTION

    def on_train_batch_end(self, batch, logs=None):
        self.left -= EXECUTION
        if self.left > 0:
            return
        if self.turn is None:
            versions = {"Keras": keras.__version__, "TensorFlow": tensorflow.__version__}
            turns.reply(versions=versions, multiple=EXECUTION)
        else:
            self.turn.answer(self.steps)
        self.steps = self.left = next(self.orders, 0)
        if self.steps == 0:
            os._exit(0)  # the driver is done
        self.turn = turns.Turn()


model.fit(images[:whole], labels[:whole], batch_size=options.batch_size, epochs=1_000_000, verbose=0,
          callbacks=[TakeTurns()])
