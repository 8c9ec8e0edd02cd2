// Every mistake ends the command soon, with a non-zero status and a message that says what to change, and leaves no
// run behind.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct BadInputTests {
        @Test(arguments: BadInputCase.all) func isRefused(mistake: BadInputCase) throws {
            try withTemporaryFolder { folder in
                let good = ["train", "--run", folder + "/run", "--verbose", "1"]
                let model = ["--model", "mnist-mlp", "--limit-train-batches", "2"]
                let bad = try mistake.arguments(folder)
                let arguments = good + (bad.contains("--model") ? Array(model[2...]) : model) + bad
                let before = try contents(folder)
                for ranks in [nil, 2] {
                    let result = try lockstep(ranks: ranks, arguments, timeoutSeconds: 20)
                    let text = result.standardOutput + result.standardError
                    #expect(!result.timedOut && result.status == mistake.status, "\(result.status): \(text)")
                    for word in mistake.words { #expect(text.contains(word), "'\(word)' is not in: \(text)") }
                    #expect(!text.contains("Epoch 1"), "it began to train: \(text)")
                    if ranks == nil { #expect(text.split(separator: "\n").count < 30) }
                    #expect(try contents(folder) == before)
                }
            }
        }

        @Test func ranksWithDifferentSettings() throws {
            try withTemporaryFolder { folder in
                let command = [
                    try builtProduct("lockstep"), "train", "--model", "mnist-mlp", "--run", folder + "/run", "--seed",
                ]
                let result = try runProcess(
                    "/usr/bin/env",
                    ["mpirun", "--oversubscribe", "-n", "1"] + command + ["1", ":", "-n", "1"] + command + ["2"],
                    environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
                    timeoutSeconds: 20)
                #expect(!result.timedOut && result.status != 0)
                for words in ["do not agree", "seed: 1 on rank 0", "seed: 2 on rank 1"] {
                    #expect(result.standardError.contains(words), "\(result.standardError)")
                }
                #expect(try contents(folder).isEmpty)
            }
        }

        @Test(
            arguments: [
                (["evaluate", "none"], "none is no checkpoint"), (["fingerprint", "none"], "none is no checkpoint"),
                (["predict", "none", "0"], "none is no checkpoint"),
                (["summary", "mnist-cnm"], "no model of this name"),
                (["summary", "mnist-cnn", "--input", "28xx1"], "--input must be positive lengths"),
            ])
        func inspectingWhatIsNotThere(arguments: [String], words: String) throws {
            let result = try lockstep(arguments, timeoutSeconds: 20)
            #expect(result.status == 1)
            #expect(result.standardError.contains(words), "\(result.standardError)")
        }

        @Test func predictingWhatIsNoSample() throws {
            try withTemporaryFolder { folder in
                _ = try train(["--model", "mnist-mlp", "--max-steps", "1", "--epochs", "1"], run: folder + "/run")
                for (image, words) in [("2000", "0 ..< 2000"), (folder + "/run/config.yaml", "is no picture")] {
                    let result = try lockstep(["predict", folder + "/run", image], timeoutSeconds: 20)
                    #expect(result.status == 1)
                    #expect(result.standardError.contains(words), "\(result.standardError)")
                }
            }
        }

        /// Every file below a folder with its size.
        private func contents(_ folder: String) throws -> Set<String> {
            let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
            return Set(
                try names.map { name in
                    let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size]
                    return "\(name) \(size ?? 0)"
                })
        }
    }
}
