// Graphs and fine-tuning by the command: summary and drawing, layouts, checkpoints, heads for other classes.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct GraphRunTests {
        private static let text = """
            name: small-residual
            layers:
              - conv2d: {filters: 4, kernel-size: 3, strides: 4, name: stem}
              - residual: [conv2d: {filters: 4, kernel-size: 3, padding: same}, batch-normalization]
              - activation: {function: relu}
              - flatten
              - dense: {units: CLASSES, activation: softmax, name: head}
            """

        private func write(_ folder: String, classes: Int) throws -> String {
            let path = folder + "/classes-\(classes).yaml"
            let text = GraphRunTests.text.replacing("CLASSES", with: "\(classes)")
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }

        private func train(ranks: Int? = nil, _ arguments: [String], run: String) throws -> [Substring] {
            let settings = ["--limit-train-batches", "4", "--batch-size", "60", "--shards", "4", "--verbose", "2"]
            let result = try lockstep(ranks: ranks, ["train", "--run", run] + settings + arguments)
            try #require(result.status == 0, "\(result.standardError)")
            return result.standardOutput.split(separator: "\n")
        }

        private func fingerprint(_ run: String) throws -> String {
            try lockstep(["fingerprint", run]).standardOutput
        }

        @Test func aGraphIsShownAndDrawn() throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(["summary", write(folder, classes: 3), "--plot", folder + "/model.svg"])
                #expect(result.status == 0, "\(result.standardError)")
                #expect(
                    result.standardOutput.contains("Connected to") && result.standardOutput.contains("small-residual"))
                let drawing = try String(contentsOfFile: folder + "/model.svg", encoding: .utf8)
                #expect(drawing.contains("stem (Conv2D)") && drawing.contains("head (Dense)"))
                let network = try lockstep(["summary", "resnet20", "--classes", "100"])
                #expect(
                    network.standardOutput.contains("Total params: 279,892"), "\(network.standardOutput.suffix(200))")
                let refused = try lockstep(["summary", "resnet20", "--plot", folder + "/none/model.svg"])
                #expect(refused.status == 1 && refused.standardError.contains("can't write"))
            }
        }

        @Test func aGraphTrainsAndGoesOnOnAnyLayout() throws {
            try withTemporaryFolder { folder in
                let model = ["--model", try write(folder, classes: 10)]
                _ = try train(model + ["--epochs", "2"], run: folder + "/one")
                _ = try train(ranks: 3, model + ["--epochs", "2", "--max-steps", "3"], run: folder + "/three")
                try FileManager.default.removeItem(atPath: folder + "/classes-10.yaml")
                _ = try train(
                    ranks: 2, ["--epochs", "2", "--max-steps", "8", "--resume", "auto"],
                    run: folder + "/three")
                #expect(try fingerprint(folder + "/three") == fingerprint(folder + "/one"))
            }
        }

        @Test func aHeadForOtherClassesBeginsAnew() throws {
            try withTemporaryFolder { folder in
                _ = try train(["--model", write(folder, classes: 12)], run: folder + "/first")
                let settings = ["--resume-weights", folder + "/first", "--freeze", "stem*,conv2d*"]
                let lines = try train(["--model", write(folder, classes: 10)] + settings, run: folder + "/second")
                let text = lines.joined(separator: "\n")
                #expect(text.contains(": 8 of 10 parameters used"), "\(text)")
                #expect(text.contains("new: head.kernel [196, 10] (the file has [196, 12]), head.bias"), "\(text)")
                #expect(text.contains("not used: head.bias [12], head.kernel [196, 12]"), "\(text)")
                let refused = try lockstep(
                    [
                        "train", "--model", "mnist-mlp", "--run", folder + "/third", "--resume-weights",
                        folder + "/first",
                    ])
                #expect(refused.status == 1 && refused.standardError.contains("is of another model"))
            }
        }
    }
}
