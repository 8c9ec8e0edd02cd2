// evaluate, predict, summary and fingerprint.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct InspectTests {
        private static let settings = ["--model", "mnist-mlp", "--limit-train-batches", "20", "--epochs", "1"]

        @Test func evaluationIsTheSameOnAnyLayout() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                _ = try train(InspectTests.settings, run: run)
                let row = try #require(try metrics(run).last)
                let expected = try [
                    "2000 samples of digits - accuracy: \(#require(row["val_accuracy"])) - loss: \(#require(row["val_loss"]))"
                ]
                let layouts: [(ranks: Int?, threads: String)] = [(nil, "1"), (nil, "2"), (3, "1"), (2, "2")]
                for layout in layouts {
                    let result = try lockstep(ranks: layout.ranks, ["evaluate", run, "--threads", layout.threads])
                    #expect(result.status == 0, "\(result.standardError)")
                    #expect(Array(result.lines.prefix(1)) == expected, "\(layout)")
                }
            }
        }

        @Test func fingerprintIsThatOfTheTraining() throws {
            try withTemporaryFolder { folder in
                let fingerprint = try train(InspectTests.settings, run: folder + "/run")
                for path in ["/run", "/run/checkpoints/best", "/run/checkpoints/epoch=1-step=20"] {
                    #expect(try lockstep(["fingerprint", folder + path]).standardOutput == fingerprint + "\n")
                }
            }
        }

        @Test func predictsTestSamplesAndPictures() throws {
            try withTemporaryFolder { folder in
                let data = "mnist:" + folder + "/mnist"
                try MNISTFolder().write(to: folder + "/mnist")
                let picture = folder + "/picture.pgm"
                try writePGM(MNISTFolder.image(3), to: picture)
                _ = try train(
                    ["--model", "mnist-mlp", "--data", data, "--epochs", "30", "--batch-size", "20"],
                    run: folder + "/run")
                let result = try lockstep(["predict", folder + "/run", "3", picture, "--data", data])
                #expect(result.status == 0, "\(result.standardError)")
                try #require(result.lines.count == 2, "\(result.standardOutput)")
                let answer = try #require(result.lines[0].split(separator: ": ", maxSplits: 1).last)
                #expect(result.lines[0] == "3: \(answer)")
                #expect(result.lines[1] == "\(picture): \(answer)")
                // Sample 3 has label 3 in both sets, and thirty epochs learn sixty samples by heart.
                #expect(answer.hasPrefix("3 (probability 0."), "\(answer)")
            }
        }

        /// A run, a checkpoint or a file of either, in every command that takes one.
        @Test func runsAndCheckpointsAreKnownByAnyOfTheirPaths() throws {
            try withTemporaryFolder { folder in
                let fingerprint = try train(InspectTests.settings, run: folder + "/run")
                let runs = ["run", "run/", "run/config.yaml", "run/metrics.csv", "run/checkpoints", "run/checkpoints/"]
                let checkpoints = [
                    "run/checkpoints/last", "run/checkpoints/epoch=1-step=20/",
                    "run/checkpoints/best/model.safetensors",
                    "run/checkpoints/best/state.json", "run/checkpoints/last/optimizer.safetensors",
                ]
                for path in runs + checkpoints {
                    let result = try shell(
                        """
                        set -e
                        lockstep fingerprint \(path); lockstep verify \(path)
                        lockstep summary \(path) | grep 'Total params: 50,890'
                        """, in: folder)
                    #expect(result.status == 0, "\(path): \(result.standardOutput) \(result.standardError)")
                    #expect(result.lines.first == fingerprint)
                    #expect(
                        result.lines.dropFirst().first?.hasPrefix("ok       epoch=1-step=20") == true,
                        "\(path): \(result.lines)")
                }
                let within = try shell(
                    "cd run/checkpoints; lockstep fingerprint .; lockstep fingerprint best/", in: folder)
                #expect(within.lines == [fingerprint, fingerprint], "\(within.standardError)")
                let others = try shell(
                    """
                    set -e
                    settings='--model mnist-mlp --max-steps 1 --epochs 1 --verbose 0 --shards 2'
                    lockstep evaluate run/checkpoints/best/model.safetensors; lockstep evaluate run/checkpoints
                    lockstep compare run/checkpoints run/config.yaml; lockstep replay run/checkpoints
                    lockstep plan mnist-mlp --batch-size 64 --hosts 1 --measured run/metrics.csv
                    for path in run/checkpoints run/checkpoints/last/model.safetensors run/config.yaml; do
                        lockstep train $settings --run new-$((n = ${n:-0} + 1)) --resume-weights $path
                        lockstep train --run on-$n --resume $path --epochs 2 --max-steps 21 --verbose 0
                    done
                    """, in: folder)
                #expect(others.status == 0, "\(others.standardOutput) \(others.standardError)")
                for (command, status, words) in [
                    ("compare run run/checkpoints/last", 2, "is a checkpoint; expected the folder of its run"),
                    ("replay run/checkpoints/best/state.json", 2, "is a checkpoint; expected the folder of its run"),
                    (
                        "plan mnist-mlp --batch-size 64 --measured run/checkpoints/last", 1,
                        "expected the folder of its run"
                    ),
                    ("train --run run/checkpoints --resume auto", 1, "belongs to the run run"),
                    ("train --run run/checkpoints/last", 1, "is a checkpoint; expected the folder of a run"),
                    ("train --model ./run", 1, "a folder; expected a model's name or a model file"),
                    ("evaluate weights.safetensors", 1, "--resume-weights PATH takes weights"),
                    ("verify weights.safetensors", 2, "--resume-weights PATH takes weights"),
                    ("summary weights.safetensors", 1, "weights.safetensors"),
                    ("evaluate .", 1, "neither a checkpoint"),
                    ("verify none", 2, "no such folder"), ("summary none/", 1, "no such model file"),
                ] as [(String, Int32, String)] {
                    let result = try shell(
                        "cp run/checkpoints/last/model.safetensors weights.safetensors; lockstep \(command)", in: folder
                    )
                    #expect(result.status == status, "\(command): \(result.status)")
                    #expect(result.standardError.contains(words), "\(command): \(result.standardError)")
                }
            }
        }

        @Test func predictsRangesOfSamples() throws {
            try withTemporaryFolder { folder in
                _ = try train(InspectTests.settings, run: folder + "/run")
                try writePGM(MNISTFolder.image(3), to: folder + "/0-x")
                let result = try lockstep(["predict", folder + "/run", "7", "0-9", folder + "/0-x", "1999-1999"])
                #expect(result.status == 0, "\(result.standardError)")
                let names = result.lines.map { String($0.prefix { $0 != ":" }) }
                #expect(names == ["7"] + (0...9).map(String.init) + [folder + "/0-x", "1999"])
                for (word, message) in [
                    ("1990-2000", "sample 2000 is out of range"), ("0-99999999999999999", "is out of range"),
                    ("5-3", "'5-3' is no range of samples: expected FIRST-LAST, such as 3-5"),
                ] {
                    let refused = try lockstep(["predict", folder + "/run", word])
                    #expect(refused.status == 1 && refused.standardError.contains(message), "\(refused.standardError)")
                    #expect(refused.standardOutput == "")
                }
            }
        }

        @Test func summaryCountsParameters() throws {
            let result = try lockstep(["summary", "mnist-cnn"])
            #expect(result.status == 0)
            #expect(result.standardOutput.contains("Total params: 693,962 "), "\(result.standardOutput)")
            #expect(result.standardOutput.contains("(None, 26, 26, 32)"))
        }
    }
}
