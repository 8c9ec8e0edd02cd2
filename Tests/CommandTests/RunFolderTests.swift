// What a run leaves in its folder.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct RunFolderTests {
        static let header =
            "epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,samples_per_second,data_seconds,"
            + "forward_seconds,backward_seconds,communication_seconds,update_seconds,fingerprint"

        /// Foundation's own way to cut such a path traps.
        @Test(arguments: ["r", "./r", "r/", "é"]) func theShortestNameWillDo(name: String) throws {
            try withTemporaryFolder { folder in
                let result = try runProcess(
                    "/bin/sh",
                    [
                        "-c",
                        "cd '\(folder)' && exec '\(try builtProduct("lockstep"))' train --model mnist-mlp --max-steps 2 --run \(name)",
                    ], timeoutSeconds: 60)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(FileManager.default.fileExists(atPath: "\(folder)/\(name)/checkpoints/last"))
            }
        }

        @Test func holdsConfigurationMetricsAndCheckpoints() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/made/on/the/way/run"
                let fingerprint = try train(
                    ranks: 2, ["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2"], run: run)
                let files = try FileManager.default.contentsOfDirectory(atPath: run)
                #expect(
                    files.sorted() == [
                        "checkpoints", "config.yaml", "incarnation", "metrics.csv", "metrics.jsonl", "summary.txt",
                    ])
                try expectCheckpoints(run)

                let csv = try read(run + "/metrics.csv").split(separator: "\n").map(String.init)
                #expect(csv.first == RunFolderTests.header)
                let rows = try metrics(run)
                #expect(rows.map { $0["epoch"] } == ["1", "2"])
                #expect(rows.map { $0["step"] } == ["5", "10"])
                #expect(rows.last?["fingerprint"] == fingerprint)
                #expect(try read(run + "/summary.txt").contains("fingerprint: \(fingerprint)\n"))
                try expectSameRows(jsonLines: read(run + "/metrics.jsonl"), rows)
            }
        }

        private func expectCheckpoints(_ run: String) throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints").sorted()
            #expect(names == ["best", "epoch=1-step=5", "epoch=2-step=10", "last"])
            for link in ["last", "best"] {
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: "\(run)/checkpoints/\(link)")
                #expect(target == "epoch=2-step=10", "\(link)")
                let files = try FileManager.default.contentsOfDirectory(atPath: "\(run)/checkpoints/\(target)")
                #expect(files.sorted() == ["model.safetensors", "optimizer.safetensors", "state.json"])
            }
        }

        private func expectSameRows(jsonLines: String, _ rows: [[String: String]]) throws {
            let objects = try jsonLines.split(separator: "\n").map {
                try JSONDecoder().decode([String: JSONScalar].self, from: Data($0.utf8))
            }
            try #require(objects.count == rows.count)
            for (object, row) in zip(objects, rows) {
                #expect(Set(object.keys) == Set(row.keys))
                for (column, text) in row {
                    let expected =
                        column == "fingerprint" ? .text(text) : JSONScalar.number(try #require(Double(text)))
                    #expect(object[column] == expected, "\(column)")
                }
            }
        }

        /// `JSONSerialization` loses the last digits of numbers on Linux; `JSONDecoder` does not.
        private enum JSONScalar: Decodable, Equatable {
            case number(Double)
            case text(String)

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                self = try (try? value.decode(Double.self)).map { .number($0) } ?? .text(value.decode(String.self))
            }
        }

        /// The recipes are within the binary: there are no files where this runs.
        @Test(arguments: [
            ("mnist-fast", "model: mnist-cnn-2", "epochs: 1"), ("mnist-99", "model: mnist-cnn-3", "epochs: 2"),
            ("mnist-994", "model: mnist-cnn-3", "epochs: 15"),
        ])
        func recipesAreConfigurations(name: String, model: String, setting: String) throws {
            try withTemporaryFolder { folder in
                let arguments = ["--config", name, "--data", "digits", "--limit-train-batches", "4"]
                let expected = try train(arguments + ["--max-steps", "3"], run: folder + "/plain")
                let lines = try read(folder + "/plain/config.yaml").split(separator: "\n").map(String.init)
                for line in [model, setting, "data: digits", "shards: 4", "schedule: cosine"] {
                    #expect(lines.contains(line), "\(lines)")
                }
                let ranks = try train(ranks: 2, threads: 2, arguments + ["--max-steps", "3"], run: folder + "/ranks")
                #expect(ranks == expected)
            }
        }

        @Test func configurationCanBeGivenBack() throws {
            try withTemporaryFolder { folder in
                let fingerprint = try train(
                    [
                        "--model", "mnist-mlp", "--limit-train-batches", "8", "--epochs", "2", "--optimizer", "sgd",
                        "--momentum", "0.9", "--nesterov", "--learning-rate", "0.05", "--weight-decay", "0.001",
                        "--clip-norm", "0.5", "--clip-value", "0.1", "--schedule", "cosine", "--warm-up-steps", "3",
                        "--seed", "18446744073709551615", "--shards", "4", "--validation-split", "0.1",
                        "--random-translation", "0.1", "--random-rotation", "0.03", "--random-zoom", "0.07",
                    ], run: folder + "/first")
                let configuration = ["--config", folder + "/first/config.yaml"]
                #expect(try train(configuration, run: folder + "/second") == fingerprint)
                #expect(
                    try deterministicMetrics(folder + "/second") == deterministicMetrics(folder + "/first"))
                #expect(try read(folder + "/second/config.yaml") == read(folder + "/first/config.yaml"))
                // Flags win.
                #expect(try train(configuration + ["--seed", "1"], run: folder + "/third") != fingerprint)
            }
        }

        @Test func weightsAreSafetensors() throws {
            try withTemporaryFolder { folder in
                _ = try train(["--model", "mnist-cnn", "--max-steps", "1", "--epochs", "1"], run: folder + "/run")
                let file = try Data(
                    contentsOf: URL(filePath: folder + "/run/checkpoints/last/model.safetensors"))
                let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                var header = try #require(
                    try JSONSerialization.jsonObject(with: file[8..<(8 + length)]) as? [String: [String: Any]])
                header["__metadata__"] = nil
                let shapes = header.compactMapValues { $0["shape"] as? [Int] }
                #expect(shapes == RunFolderTests.shapes)
                #expect(header.values.allSatisfy { $0["dtype"] as? String == "F32" })
                // The arrays fill the file without a gap.
                let ranges = header.values.compactMap { $0["data_offsets"] as? [Int] }.sorted { $0[0] < $1[0] }
                var end = 0
                for range in ranges {
                    #expect(range[0] == end)
                    end = range[1]
                }
                #expect(end == 693_962 * 4 && file.count == 8 + length + end)
            }
        }

        static let shapes = [
            "conv2d.kernel": [3, 3, 1, 32], "conv2d.bias": [32], "dense.kernel": [5408, 128], "dense.bias": [128],
            "dense_1.kernel": [128, 10], "dense_1.bias": [10],
        ]

        static let pythonReadsSafetensors =
            (try? runProcess(
                "/usr/bin/env", ["python3", "-c", "import numpy, safetensors.numpy"], timeoutSeconds: 20))?.status == 0

        @Test(.enabled(if: pythonReadsSafetensors, "python3 has no module safetensors (pip install safetensors numpy)"))
        func pythonOpensTheWeights() throws {
            let script = """
                import sys
                from safetensors.numpy import load_file
                for name, array in sorted(load_file(sys.argv[1]).items()):
                    print(name, array.dtype, list(array.shape))
                """
            try withTemporaryFolder { folder in
                _ = try train(["--model", "mnist-cnn", "--max-steps", "1", "--epochs", "1"], run: folder + "/run")
                let result = try runProcess(
                    "/usr/bin/env",
                    ["python3", "-c", script, folder + "/run/checkpoints/last/model.safetensors"], timeoutSeconds: 20)
                let expected = RunFolderTests.shapes.sorted { $0.key < $1.key }.map { "\($0) float32 \($1)" }
                #expect(result.lines == expected, "\(result.standardError)")
            }
        }

        /// mpirun gives ranks a pseudo-terminal even where its own output is a file.
        @Test(arguments: [nil, 2]) func outputInAFileHasNoControlCharacters(ranks: Int?) throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(
                    ranks: ranks,
                    ["train", "--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "1"]
                        + ["--run", folder + "/run"])
                #expect(result.status == 0)
                let text = result.standardOutput.replacingOccurrences(of: "\r\n", with: "\n")
                #expect(!text.utf8.contains { $0 < 32 && $0 != 10 }, "\(text)")
                #expect(result.lines.contains { $0.hasPrefix("5/5 - ") }, "\(text)")
            }
        }

        /// Metrics and checkpoints hold all that a summary says.
        @Test func aSummaryThatCannotBeWrittenIsAWarning() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let settings = ["--model", "mnist-mlp", "--limit-train-batches", "2", "--epochs", "1"]
                _ = try train(settings, run: run)
                try FileManager.default.removeItem(atPath: run + "/summary.txt")
                try FileManager.default.createDirectory(
                    atPath: run + "/summary.txt/full", withIntermediateDirectories: true)
                let result = try lockstep([
                    "train", "--run", run, "--resume", "auto", "--epochs", "2", "--verbose", "2",
                ])
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardError.contains("warning: the summary could not be written: "))
                #expect(result.standardError.contains("metrics and checkpoints are whole"), "\(result.standardError)")
                #expect(result.standardOutput.contains("fingerprint "))
                #expect(try metrics(run).count == 2)
            }
        }
    }
}
