"""The tutorial's CNN in Keras, as the tutorial trains it: until the test accuracy reaches a target."""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import tensorflow

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True, help="a folder with MNIST's files")
parser.add_argument("--target", type=float, required=True)
parser.add_argument("--epochs", type=int, default=8, help="at most so many")
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
tensorflow.config.threading.set_inter_op_parallelism_threads(options.threads)

import keras

import turns

keras.utils.set_random_seed(options.seed)
(x, y), (x_test, y_test) = (
    (images.reshape(-1, 28, 28, 1), labels)
    for images, labels in (turns.samples(options.data, None, part) for part in ("train", "t10k")))
model = keras.Sequential([
    keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3, activation="relu"), keras.layers.MaxPooling2D(2),
    keras.layers.Flatten(), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
print(f"version Keras {keras.__version__}\nversion TensorFlow {tensorflow.__version__}")
for epoch in range(options.epochs):
    model.fit(x, y, batch_size=32, verbose=0)
    accuracy = model.evaluate(x_test, y_test, batch_size=256, verbose=0)[1]
    print(f"val_accuracy: {accuracy:.4f}", flush=True)
    if accuracy >= options.target:
        break
os._exit(0)  # without the interpreter's farewell
