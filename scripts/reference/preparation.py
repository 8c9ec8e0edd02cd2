#!/usr/bin/env python3
"""Reference values for how tables become inputs.

scikit-learn's SimpleImputer, MissingIndicator, StandardScaler, MinMaxScaler and OneHotEncoder, fitted on the training rows
of a made table, in double precision. Run from the package's root; writes Tests/DatasetsTests/Reference/preparation.json.
"""

import io
import json
import pathlib

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

OUTPUT = pathlib.Path("Tests/DatasetsTests/Reference/preparation.json")
ROWS, TRAIN = 60, 45


def table():
    random = np.random.default_rng(7)
    numbers = {
        "gaps": random.normal(30, 12, ROWS),
        "constant": np.full(ROWS, 0.1),
        "large": random.normal(2e6, 3e4, ROWS),
        "tiny": random.exponential(1e-4, ROWS),
    }
    data = pd.DataFrame({name: values.astype(np.float32) for name, values in numbers.items()})
    data.loc[[3, 17, 18, 50], "gaps"] = np.nan
    # Only a row to test with lacks its number: no indicator.
    data.loc[55, "large"] = np.nan
    data["colour"] = random.choice(["red", "green", "blue", "Zinnober", "ärmel"], ROWS)
    data.loc[[5, 6, 52], "colour"] = None
    data["size"] = random.choice(["s", "m", "l"], ROWS)
    # A category that no training row has, and a missing one likewise.
    data.loc[58, "size"] = "xl"
    data.loc[59, "size"] = None
    data["price"] = (random.normal(200_000, 80_000, ROWS)).astype(np.float32)
    return data


def inputs(data, scaler):
    train = data.iloc[:TRAIN]
    columns = []
    for name in ["gaps", "constant", "large", "tiny"]:
        values = data[[name]].astype(np.float64).to_numpy()
        imputer = SimpleImputer(strategy="median").fit(values[:TRAIN])
        filled = imputer.transform(values)
        columns.append(scaler().fit(filled[:TRAIN]).transform(filled) if scaler else filled)
        if train[name].isna().any():
            columns.append(np.isnan(values).astype(float))
    for name in ["colour", "size"]:
        # scikit-learn sorts texts by code points, which is the order of their UTF-8 bytes.
        known = sorted(train[name].dropna().unique())
        encoder = OneHotEncoder(categories=[known], handle_unknown="ignore", sparse_output=False)
        columns.append(encoder.fit(np.array(known, dtype=object)[:, None]).transform(data[[name]].to_numpy(dtype=object)))
        if train[name].isna().any():
            columns.append(data[[name]].isna().to_numpy().astype(float))
    return np.concatenate(columns, axis=1)


def main():
    data = table()
    text = io.StringIO()
    data.to_csv(text, index=False, float_format=lambda value: repr(np.float32(value).item()))
    price = data[["price"]].astype(np.float64).to_numpy()
    target = StandardScaler().fit(price[:TRAIN])
    reference = {
        "table": text.getvalue(),
        "trainCount": TRAIN,
        "standard": inputs(data, StandardScaler).tolist(),
        "min-max": inputs(data, MinMaxScaler).tolist(),
        "none": inputs(data, None).tolist(),
        "targets": target.transform(price)[:, 0].tolist(),
        "mean": target.mean_[0],
        "deviation": target.scale_[0],
    }
    OUTPUT.write_text(json.dumps(reference, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
