#!/usr/bin/env python3
"""Test accuracy of the tutorial's two models in Keras, to compare with `scripts/compare-accuracy`.

pip install keras tensorflow-cpu; keras_mnist.py FOLDER [mnist-mlp|mnist-cnn] [SEED ...]
FOLDER holds MNIST's four gzipped IDX files. Prints one line a seed: model, seed, epochs, test accuracy.
"""
import gzip
import os
import struct
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402


def read_idx(path):
    with gzip.open(path) as file:
        data = file.read()
    axes = data[3]
    shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def model(name):
    layers = keras.layers
    if name == "mnist-mlp":
        body = [layers.Flatten(), layers.Dense(64, activation="relu")]
    else:
        body = [
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
        ]
    return keras.Sequential([keras.Input((28, 28, 1)), *body, layers.Dense(10, activation="softmax")])


def main():
    folder = sys.argv[1]
    name = sys.argv[2] if len(sys.argv) > 2 else "mnist-mlp"
    seeds = [int(seed) for seed in sys.argv[3:]] or [0, 1, 2]
    epochs = 10 if name == "mnist-mlp" else 5
    x, y, x_test, y_test = (
        read_idx(os.path.join(folder, f"{part}-ubyte.gz"))
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    )
    x, x_test = (images[..., None].astype("float32") / 255 for images in (x, x_test))
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        network = model(name)
        network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        network.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
        accuracy = network.evaluate(x_test, y_test, verbose=0)[1]
        print(f"keras {keras.__version__} {name} seed {seed} epochs {epochs} test accuracy {accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
