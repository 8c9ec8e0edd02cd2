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
                    #expect(result.lines == expected, "\(layout)")
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

        @Test func summaryCountsParameters() throws {
            let result = try lockstep(["summary", "mnist-cnn"])
            #expect(result.status == 0)
            #expect(result.standardOutput.contains("Total params: 693,962 "), "\(result.standardOutput)")
            #expect(result.standardOutput.contains("(None, 26, 26, 32)"))
        }
    }
}
