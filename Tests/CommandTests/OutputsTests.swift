// What a run's numbers mean, and what is told where they would mean nothing.

import TestSupport
import Testing

extension CommandTests {
    struct OutputsTests {
        private func model(_ folder: String, _ layers: String...) throws -> [String] {
            let path = folder + "/\(layers.count)-\(layers.last!.filter(\.isLetter)).yaml"
            let text = "layers:\n  - flatten\n" + layers.map { "  - \($0)\n" }.joined()
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return ["--model", path, "--epochs", "1", "--limit-train-batches", "30"]
        }

        /// A model file that ends with logits is the one that ends with softmax, to the last bit.
        @Test func logitsAreRecognised() throws {
            try withTemporaryFolder { folder in
                let softmax = try model(folder, "dense: {units: 10, activation: softmax}")
                let logits = try model(folder, "dense: {units: 10}")
                let expected = try train(softmax, run: folder + "/softmax")
                #expect(try train(logits, run: folder + "/logits") == expected)
                #expect(
                    try deterministicMetrics(folder + "/logits") == deterministicMetrics(folder + "/softmax"))
                func lines(_ command: String, _ run: String, _ rest: [String] = []) throws -> [String] {
                    let result = try lockstep([command, "\(folder)/\(run)"] + rest)
                    #expect(result.status == 0, "\(result.standardError)")
                    return result.lines
                }
                #expect(try lines("evaluate", "logits") == lines("evaluate", "softmax"))
                let predicted = try lines("predict", "logits", ["0", "1", "2"])
                #expect(try predicted == lines("predict", "softmax", ["0", "1", "2"]))
                for line in predicted {
                    let text = try #require(line.firstMatch(of: /probability ([0-9.e-]+)\)/)?.1)
                    #expect(try (0.1...1).contains(#require(Double(text))), "\(line)")
                }
            }
        }

        @Test func whatIsNeitherIsRefused() throws {
            try withTemporaryFolder { folder in
                let arguments = try model(folder, "dense: {units: 10, activation: relu}")
                let result = try lockstep(["train", "--run", folder + "/run"] + arguments)
                #expect(result.status == 1)
                #expect(result.standardError.contains("layer dense ends with relu"), "\(result.standardError)")
            }
        }

        @Test(arguments: [
            (
                ["--schedule", "cosine", "--max-steps", "8"],
                "goes on to step 30, and this run ends with step 8, at a rate of 0.00087"
            ),
            (["--warm-up-steps", "20", "--max-steps", "8"], "goes on to step 20, and this run ends with step 8"),
            (["--warm-up-steps", "40"], "goes on to step 40, and this run ends with step 30"),
            (["--schedule", "cosine"], nil), (["--warm-up-steps", "20"], nil),
        ]) func scheduleThatIsCutIsTold(settings: [String], words: String?) throws {
            try withTemporaryFolder { folder in
                let arguments = try model(folder, "dense: {units: 10}")
                let result = try lockstep(["train", "--run", folder + "/run"] + arguments + settings)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardOutput.contains(words ?? "headline") == (words != nil), "\(result.lines)")
                #expect(result.standardOutput.contains("schedule") == (words != nil), "\(result.lines)")
            }
        }

        /// Shards of 4 are told, of 16 not; an epoch's last batch of one sample is.
        @Test(arguments: [
            (
                ["--shards", "8"],
                "layer batch_normalization normalises over the samples of a shard, which has only 4 (batch 32 over 8 shards)"
            ),
            ([], nil),
            (["--batch-size", "499", "--validation-split", "0.9"], "the last batch of each epoch has only one sample"),
        ]) func roughStatisticsAreTold(settings: [String], words: String?) throws {
            try withTemporaryFolder { folder in
                let arguments = try model(folder, "dense: {units: 10}", "batch-normalization", "dense: {units: 10}")
                    .dropLast(2)
                let result = try lockstep(
                    ["train", "--max-steps", "3", "--threads", "1", "--run", folder + "/run"] + arguments + settings)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardError.contains("warning: ") == (words != nil), "\(result.standardError)")
                if let words { #expect(result.standardError.contains(words), "\(result.standardError)") }
            }
        }
    }
}
