#!/usr/bin/env python3
"""California housing by scikit-learn's MLPRegressor, on the splits that `lockstep train --config california-housing` has.

usage: housing_sklearn.py HOUSING_CSV [SEED...]   (seeds 1 to 5 unless given)

The rows held out are those of Lockstep's `--split random --test-split 0.2 --seed SEED`: this file computes the same keyed
permutation (Sources/Datasets/SampleOrder.swift). Columns are prepared as there, by the training rows alone: median and
indicator for missing numbers, standardised numbers, one-hot categories, a standardised target.

pip install scikit-learn pandas numpy
"""

import math
import statistics
import sys
import time

import numpy as np
import pandas
import sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TARGET = "median_house_value"
WORD, LONG = (1 << 32) - 1, (1 << 64) - 1


def philox(seed, counter):
    """Philox4x32-10."""
    a, b, c, d = counter
    low, high = seed & WORD, seed >> 32 & WORD
    for _ in range(10):
        left, right = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (right >> 32) ^ b ^ low, right & WORD, (left >> 32) ^ d ^ high, left & WORD
        low, high = low + 0x9E3779B9 & WORD, high + 0xBB67AE85 & WORD
    return a, b, c, d


def mixed(x):
    x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD & LONG
    return (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 & LONG


def test_rows(count, fraction, seed):
    """The first ceil(count * fraction) samples of the order that no epoch has."""
    words = [word for block in range(4) for word in philox(seed, (block, 2, WORD, 0))]
    keys = [words[2 * index + 1] << 32 | words[2 * index] for index in range(8)]
    bits = (count - 1).bit_length() // 2
    mask = (1 << bits) - 1
    rows = max(1, count + mask >> bits)

    def shuffled(place):
        row, column = place >> bits, place & mask
        for turn in range(4 if count < 256 else 1):
            for number in range(0, 8, 2):
                row += mixed(column + keys[number] + (turn << 32) & LONG) * rows >> 64
                row = row - rows if row >= rows else row
                column = column + (mixed(row + keys[number + 1] + (turn << 32) & LONG) >> 32) & mask
        return row << bits | column

    chosen = []
    for place in range(math.ceil(count * fraction)):
        while (place := shuffled(place)) >= count:
            pass
        chosen.append(place)
    return sorted(chosen)


def main():
    table = pandas.read_csv(sys.argv[1])
    seeds = [int(word) for word in sys.argv[2:]] or [1, 2, 3, 4, 5]
    print(f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, pandas {pandas.__version__}")
    x, y = table.drop(columns=TARGET), table[TARGET]
    categories = ["ocean_proximity"]
    errors, shares = [], []
    for seed in seeds:
        test = np.zeros(len(table), bool)
        test[test_rows(len(table), 0.2, seed)] = True
        numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
        columns = ColumnTransformer(
            [("numbers", numbers, [name for name in x if name not in categories]),
             ("categories", OneHotEncoder(handle_unknown="ignore"), categories)])
        network = MLPRegressor(hidden_layer_sizes=(64, 32), early_stopping=True, max_iter=200, random_state=seed)
        model = TransformedTargetRegressor(make_pipeline(columns, network), transformer=StandardScaler())
        begin = time.time()
        model.fit(x[~test], y[~test])
        answers = model.predict(x[test])
        errors.append(float(np.sqrt(np.mean((answers - y[test]) ** 2))))
        shares.append(float(r2_score(y[test], answers)))
        print(f"seed {seed}: RMSE {errors[-1]:.0f}, R2 {shares[-1]:.4f}, {time.time() - begin:.1f} s", flush=True)
    print(f"RMSE {statistics.mean(errors):.0f} ± {statistics.stdev(errors):.0f}, "
          f"R2 {statistics.mean(shares):.4f} ± {statistics.stdev(shares):.4f}")


if __name__ == "__main__":
    main()
