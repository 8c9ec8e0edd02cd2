// Text files that came through Excel, git or FTP, or that somebody wrote in YAML's own ways; and names that need quotes.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct ForeignTextTests {
        private static let settings = [
            "--model", "mnist-mlp", "--limit-train-batches", "10", "--shards", "4", "--validation-split", "0.03",
            "--log-every-n-steps", "3",
        ]

        /// A byte order mark, and CR LF for every line end.
        private func makeForeign(_ path: String) throws {
            try write("\u{FEFF}" + read(path).replacing("\n", with: "\r\n"), to: path)
        }

        @Test func aRunIsReadAsMeant() throws {
            try withTemporaryFolder { folder in
                let (run, whole) = (folder + "/run", folder + "/whole")
                let expected = try train(ForeignTextTests.settings + ["--epochs", "3"], run: whole)
                _ = try train(ForeignTextTests.settings + ["--epochs", "2"], run: run)
                for name in ["config.yaml", "metrics.csv", "metrics.jsonl", "summary.txt"] {
                    try makeForeign("\(run)/\(name)")
                }
                let state = run + "/checkpoints/epoch=2-step=20/state.json"
                try write(read(state).replacing("\n", with: "\r\n"), to: state)
                let questions: [(arguments: [String], says: String)] = [
                    (["compare", run, whole], "equal at all 8 common steps, up to step 20"),
                    (["replay", run, "--from-step", "15"], "step 15: confirmed"), (["verify", run], "ok       last"),
                    (["evaluate", run], "samples of digits"),
                    (["plan", "mnist-mlp", "--batch-size", "64", "--measured", run], "efficiency"),
                ]
                for question in questions {
                    let result = try lockstep(question.arguments)
                    #expect(result.status == 0, "\(result.standardOutput)\(result.standardError)")
                    #expect(result.standardOutput.contains(question.says), "\(result.standardOutput)")
                }
                #expect(try train(["--resume", "auto", "--epochs", "3"], run: run) == expected)
                #expect(try deterministicMetrics(run) == deterministicMetrics(whole))
                #expect(try read(run + "/metrics.jsonl").split(separator: "\n").count == 13)
            }
        }

        /// What nobody can read stops a run before it begins, with everything as it was.
        @Test func nothingUnreadableIsDropped() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                _ = try train(ForeignTextTests.settings + ["--epochs", "1"], run: run)
                let semicolons = try read(run + "/metrics.csv").replacing(",", with: ";")
                try write(semicolons, to: run + "/metrics.csv")
                for command in [["train", "--run", run, "--resume", "auto", "--epochs", "2"], ["replay", run]] {
                    let result = try lockstep(command)
                    #expect(result.status != 0)
                    #expect(result.standardError.contains("metrics.csv"), "\(result.standardError)")
                }
                #expect(try read(run + "/metrics.csv") == semicolons)
                try FileManager.default.moveItem(atPath: run + "/metrics.csv", toPath: folder + "/aside.csv")
                _ = try train(["--resume", "auto", "--epochs", "2"], run: run)
                #expect(try metrics(run).map { $0["step"] } == ["12", "15", "18", "20"])
            }
        }

        @Test func modelsAndRecipesAreReadAsMeant() throws {
            try withTemporaryFolder { folder in
                let (model, recipe) = (folder + "/net.yaml", folder + "/recipe.yaml")
                try write("name: net\nlayers:\n  - flatten\n  - dense: {units: 10, activation: softmax}\n", to: model)
                try write("# mine\nmodel: \(model)\nepochs: 1\nlimit-train-batches: 2\noptimizer: sgd\n", to: recipe)
                let expected = try train(["--config", recipe], run: folder + "/here")
                for path in [model, recipe] { try makeForeign(path) }
                #expect(try train(["--config", recipe], run: folder + "/foreign") == expected)
                try (Data("name: net\nlayers:\n".utf8) + [0xE4, 0x0A]).write(to: URL(filePath: model))
                let result = try lockstep(["summary", model])
                #expect(result.status == 1)
                #expect(result.standardError.contains("net.yaml:3: this line is not UTF-8"), "\(result.standardError)")
            }
        }

        @Test func truthIsYAMLs() throws {
            try withTemporaryFolder { folder in
                let recipe = folder + "/recipe.yaml"
                let settings = "model: mnist-mlp\nepochs: 1\nmax-steps: 1\noptimizer: sgd\nmomentum: 0.9\nnesterov: "
                let words = [
                    ("true", true), ("True", true), ("YES", true), ("On", true), ("'yes'", true), ("false", false),
                    ("No", false), ("OFF", false),
                ]
                for (index, (word, isSet)) in words.enumerated() {
                    try write(settings + word + "\n", to: recipe)
                    let run = "\(folder)/\(index)"
                    _ = try train(["--config", recipe], run: run)
                    #expect(try read(run + "/config.yaml").contains("\nnesterov: true\n") == isSet, "\(word)")
                }
                try write(settings + "yes\n", to: recipe)
                _ = try train(["--config", recipe, "--no-nesterov"], run: folder + "/flag")
                #expect(try !read(folder + "/flag/config.yaml").contains("nesterov"))
                for word in ["maybe", "1", ""] {
                    try write(settings + word + "\n", to: recipe)
                    let result = try lockstep(["train", "--config", recipe, "--run", folder + "/none"])
                    #expect(result.status == 1)
                    #expect(
                        result.standardError.contains("recipe.yaml:6: 'nesterov' must be true or false, got '\(word)'"),
                        "\(result.standardError)")
                }
            }
        }

        /// Whatever a folder may be called can be given, and is found again by who reads the run's configuration.
        @Test(arguments: ["a #b", "it's: [x], {y} & *z", " - \"q\" ", "% @`|>!\n\t\\ü\u{1F600}#"])
        func anyNameIsReadBack(name: String) throws {
            try withTemporaryFolder { folder in
                let (data, run) = ("\(folder)/\(name)", "\(folder)/run of \(name)")
                try MNISTFolder().write(to: data)
                // Another set, where a name that was cut would lead.
                var other = MNISTFolder()
                other.trainLabels = Array(other.trainLabels.reversed())
                if name.hasPrefix("a ") { try other.write(to: folder + "/a") }
                try write(
                    "name: net\nlayers:\n  - flatten\n  - dense: {units: 10, activation: softmax}\n",
                    to: data + "/net.yaml")
                let settings = [
                    "--data", "mnist:\(data)", "--model", data + "/net.yaml", "--batch-size", "20", "--shards", "2",
                    "--epochs", "1",
                ]
                let first = try train(settings, run: folder + "/first")
                _ = try train(settings + ["--resume-weights", folder + "/first", "--epochs", "2"], run: run)
                for command in [["evaluate", run], ["predict", run, "3"], ["replay", run, "--from-step", "4"]] {
                    let result = try lockstep(command)
                    #expect(result.status == 0, "\(command): \(result.standardOutput)\(result.standardError)")
                }
                #expect(try lockstep(["evaluate", run]).standardOutput.contains("20 samples of mnist:\(data) - "))
                let longer = try train(["--resume", "auto", "--epochs", "3"], run: run)
                #expect(longer != first)
                let configured = ["--config", run + "/config.yaml"]
                #expect(try train(configured, run: folder + "/again") == longer)
            }
        }
    }
}
