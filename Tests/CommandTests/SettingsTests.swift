// The table of settings: flags, help, configuration files and runs that go on all follow from it.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct SettingsTests {
        private static let short = ["--model", "mnist-mlp", "--limit-train-batches", "3", "--epochs", "1"]

        @Test func helpShowsEveryKeyByTopic() throws {
            let help = try lockstep(["train", "--help"], environment: ["COLUMNS": "80"]).standardOutput
            for topic in [
                "MODEL:", "DATA:", "TRAINING:", "OPTIMIZER:", "RUN:", "CHECKPOINTS:", "EXECUTION:", "OUTPUT:",
            ] {
                #expect(help.contains("\n\n\(topic)\n"), "\(topic)")
            }
            for line in help.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
            let flags = Set(help.matches(of: /(?:^|\n)  (--[a-z0-9-]+)(?:, (--lr))?/).flatMap { [$0.1, $0.2 ?? $0.1] })
            let refused = try withTemporaryFolder { folder in
                try write("nothing: 1\n", to: folder + "/a.yaml")
                return try lockstep(["train", "--config", folder + "/a.yaml"]).standardError
            }
            let line = try #require(refused.firstMatch(of: /known keys: (.*)/)).1
            let keys = Set(line.split(separator: ", ").map { "--\($0)" })
            #expect(keys.count > 35)
            #expect(
                Set(flags.map(String.init)).symmetricDifference(keys) == [
                    "--config", "--resume", "--profile", "--trace", "--trace-steps", "--version",
                ])
        }

        /// A flag and a configuration refuse the same in the same words, each saying where.
        @Test(arguments: [
            ("epochs", "0", "must be at least 1, got 0"), ("lr", "1e50", "is too large for a 32-bit number"),
            ("optimizer", "adamm", "got 'adamm'; did you mean 'adam'?"),
            ("stall-timeout", "1s", "or 0 for none, got 1s"),
            ("shards", "many", "must be 'auto' or a whole number, got 'many'"),
        ])
        func placesAreTold(name: String, value: String, words: String) throws {
            try withTemporaryFolder { folder in
                let file = folder + "/a.yaml"
                try write("seed: 1\n\(name): \(value)\n", to: file)
                let full = name == "lr" ? "learning-rate" : name
                let flag = try lockstep(["train", "--\(name)", value])
                #expect(flag.status == 64 && flag.standardError.contains("--\(full) "), "\(flag.standardError)")
                let plain = try lockstep(["train", "--config", file])
                #expect(plain.status == 1 && plain.standardError.contains("\(file):2: '\(full)' "))
                for text in [flag.standardError, plain.standardError] { #expect(text.contains(words), "\(text)") }
            }
        }

        @Test func flagsWinOverFilesOverRuns() throws {
            try withTemporaryFolder { folder in
                let (run, recipe) = (folder + "/run", folder + "/recipe.yaml")
                try write("optimizer: SGD\nkeep-last: 3\nlr: 0.5\nstall-timeout: 2m\n", to: recipe)
                _ = try train(SettingsTests.short + ["--config", recipe, "--lr", "0.25"], run: run)
                func recorded(_ lines: [String]) throws {
                    let text = "\n" + (try read(run + "/config.yaml"))
                    for line in lines { #expect(text.contains("\n\(line)\n"), "\(line) is not in \(text)") }
                }
                try recorded(["optimizer: sgd", "keep-last: 3", "learning-rate: 0.25", "stall-timeout: 120.0"])
                try write("keep-last: 4\nkeep-best: 2\n", to: recipe)
                _ = try train(["--resume", "auto", "--config", recipe, "--keep-best", "6", "--epochs", "2"], run: run)
                try recorded(["optimizer: sgd", "keep-last: 4", "keep-best: 6", "epochs: 2", "stall-timeout: 120.0"])
                // Where a value came from is told.
                try write("momentum: 0.5\n", to: recipe)
                let adam = try lockstep(["train", "--config", recipe])
                #expect(adam.standardError.contains("recipe.yaml:1: 'momentum' is for sgd and rmsprop"))
                let flag = try lockstep(["train", "--momentum", "0.5"])
                #expect(
                    flag.standardError.contains("--momentum is for sgd and rmsprop, not adam"), "\(flag.standardError)")
            }
        }

        @Test func pipesAreRead() throws {
            try withTemporaryFolder { folder in
                let model = "name: net\\nlayers:\\n  - flatten\\n  - dense: {units: 10, activation: softmax}\\n"
                let result = try shell(
                    """
                    set -e
                    printf 'epochs: 1\\nmax-steps: 2\\n' | lockstep train --model mnist-mlp --run a --config /dev/stdin
                    lockstep train --config <(printf 'max-steps: 2') --model <(printf '\(model)') --run b --epochs 1
                    lockstep summary <(printf '\(model)')
                    lockstep train --run b --resume auto
                    ! lockstep launch --ranks 1 -- train --config <(printf 'max-steps: 2')
                    """, in: folder)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardError.contains("can be read only once"), "\(result.standardError)")
                #expect(try read(folder + "/a/config.yaml").contains("\nmax-steps: 2\n"))
                #expect(try metrics(folder + "/b").last?["step"] != "2")
            }
        }

        /// A run of an earlier version lacks what came later, and may have other text for the same values.
        @Test func configurationsOfEarlierVersionsGoOn() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let killed = try lockstep(
                    ["train", "--run", run] + SettingsTests.short, environment: ["LOCKSTEP_FAULT": "step@2:kill"])
                #expect(killed.status == 128 + SIGKILL)
                let text = try read(run + "/config.yaml")
                try write(
                    text.replacing("schedule: constant\nwarm-up-steps: 0\n", with: "").replacing(
                        "batch-size: 32", with: "batch-size: '032'"), to: run + "/config.yaml")
                let expected = try train(SettingsTests.short, run: folder + "/whole")
                let other = try lockstep(["train", "--run", run, "--resume", "auto", "--warm-up-steps", "5"])
                #expect(other.status == 1)
                #expect(other.standardError.contains("warm-up-steps: 5 instead of (default)"), "\(other.standardError)")
                #expect(try train(["--resume", "auto"], run: run) == expected)
            }
        }
    }
}
