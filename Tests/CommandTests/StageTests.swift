// `--stage`: every host's own copy of the data.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct StageTests {
        private static let names = [
            "hashes.txt", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
        ]

        /// A folder with a small set in `data`, gzipped, and the arguments that train on it.
        private func withData(_ body: (_ folder: String, _ arguments: [String]) throws -> Void) throws {
            try withTemporaryFolder { folder in
                try MNISTFolder().write(to: folder + "/data")
                try gzip(folder + "/data")
                let data = ["--data", "mnist:\(folder)/data"]
                try body(
                    folder, ["--model", "mnist-mlp", "--epochs", "2", "--batch-size", "20", "--shards", "4"] + data)
            }
        }

        private func gzip(_ folder: String) throws {
            let result = try runProcess("/bin/sh", ["-c", "gzip -f '\(folder)'/*-ubyte"], timeoutSeconds: 20)
            try #require(result.status == 0, "\(result.standardError)")
        }

        /// The one copy below `folder`.
        private func copy(_ folder: String) throws -> String {
            let found = try FileManager.default.contentsOfDirectory(atPath: folder)
            try #require(found.count == 1 && found[0].hasPrefix("mnist-"), "\(found)")
            return folder + "/" + found[0]
        }

        private func names(_ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        }

        /// Each file's number, which a new file in its place would not have.
        private func numbers(_ folder: String) throws -> [UInt64] {
            try StageTests.names.map { name in
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                return try #require(attributes[.systemFileNumber] as? NSNumber).uint64Value
            }
        }

        @Test func changesNoBitsAndIsUsedAgain() throws {
            try withData { folder, arguments in
                let original = folder + "/data/train-images-idx3-ubyte.gz"
                // Whole seconds, which can be given back exactly.
                let date = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)]
                try FileManager.default.setAttributes(date, ofItemAtPath: original)
                let plain = try train(arguments, run: folder + "/plain")
                let stage = ["--stage", folder + "/stage/here"]
                #expect(try train(ranks: 3, arguments + stage, run: folder + "/ranks") == plain)
                let copy = try copy(folder + "/stage/here")
                #expect(try names(copy) == StageTests.names)
                // Unpacked as they were before they were gzipped.
                try MNISTFolder().write(to: folder + "/data")
                for name in StageTests.names.dropFirst() {
                    #expect(
                        FileManager.default.contentsEqual(atPath: "\(copy)/\(name)", andPath: "\(folder)/data/\(name)"))
                    try FileManager.default.removeItem(atPath: "\(folder)/data/\(name)")
                }
                let before = try numbers(copy)
                #expect(try train(arguments + stage, run: folder + "/alone") == plain)
                #expect(try numbers(copy) == before)
                let configuration = try read(folder + "/alone/config.yaml")
                #expect(configuration == (try read(folder + "/plain/config.yaml")))
                // Read from the copy: the originals' contents are not looked at, only their state.
                let size = try Data(contentsOf: URL(filePath: original)).count
                try Data(count: size).write(to: URL(filePath: original))
                try FileManager.default.setAttributes(date, ofItemAtPath: original)
                #expect(try train(ranks: 2, arguments + stage, run: folder + "/again") == plain)
                let result = try lockstep(ranks: 2, ["evaluate", folder + "/plain"] + stage)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardOutput.contains("20 samples of mnist:\(folder)/data - accuracy: "))
            }
        }

        @Test(arguments: [nil, 2]) func aRunGoesOnWithAndWithoutIt(ranks: Int?) throws {
            try withData { folder, arguments in
                let expected = try train(arguments, run: folder + "/plain")
                try write("stage: \(folder)/stage\n", to: folder + "/stage.yaml")
                let run = folder + "/run"
                _ = try train(
                    ranks: ranks, arguments + ["--max-steps", "4", "--config", folder + "/stage.yaml"], run: run)
                #expect(try names(copy(folder + "/stage")) == StageTests.names)
                #expect(try train(ranks: ranks, arguments + ["--resume", "auto"], run: run) == expected)
            }
        }

        @Test func damageIsRepairedAndChangesAreSeen() throws {
            try withData { folder, arguments in
                let expected = try train(arguments, run: folder + "/plain")
                let stage = arguments + ["--stage", folder + "/stage"]
                _ = try train(stage, run: folder + "/first")
                let copy = try copy(folder + "/stage")
                let whole = try StageTests.names.map { try Data(contentsOf: URL(filePath: "\(copy)/\($0)")) }
                let images = copy + "/train-images-idx3-ubyte"
                var bytes = whole[3]
                bytes[1000] ^= 1
                let damages: [(String, () throws -> Void)] = [
                    ("one bit", { try bytes.write(to: URL(filePath: images)) }),
                    ("shortened", { try bytes.dropLast(700).write(to: URL(filePath: images)) }),
                    ("removed", { try FileManager.default.removeItem(atPath: images) }),
                    ("no list", { try FileManager.default.removeItem(atPath: copy + "/hashes.txt") }),
                ]
                for (name, damage) in damages {
                    try damage()
                    // What a killed run leaves; no process has that number.
                    try write("half", to: "\(copy)/.tmp.2147483647.\(try hostName()).train-images-idx3-ubyte")
                    #expect(try train(ranks: 2, stage, run: "\(folder)/\(name)") == expected, "\(name)")
                    #expect(try names(copy) == StageTests.names, "\(name)")
                    #expect(
                        try StageTests.names.map { try Data(contentsOf: URL(filePath: "\(copy)/\($0)")) } == whole,
                        "\(name)")
                }
                // Other originals have a copy of their own.
                try MNISTFolder(trainLabels: (0..<60).map { UInt8($0 % 7) }).write(to: folder + "/data")
                try gzip(folder + "/data")
                let changed = try train(arguments, run: folder + "/changed")
                #expect(changed != expected)
                #expect(try train(ranks: 2, stage, run: folder + "/changed-staged") == changed)
                #expect(try names(folder + "/stage").count == 2)
            }
        }

        private func hostName() throws -> String {
            try runProcess("/bin/hostname", [], timeoutSeconds: 20).lines[0].replacing(".", with: "_")
        }

        /// All find nothing, and write the same files at the same time.
        @Test func fourJobsAtOnce() throws {
            try withData { folder, arguments in
                let expected = try train(arguments, run: folder + "/plain")
                let command = try [builtProduct("lockstep"), "train", "--threads", "1", "--stage", folder + "/stage"]
                let line = (command + arguments).joined(separator: " ")
                let jobs = (0..<4).map { "\(line) --run \(folder)/run\($0) & p\($0)=$!" }.joined(separator: "\n")
                let waits = (0..<4).map { "wait $p\($0) || exit 1" }.joined(separator: "\n")
                let result = try runProcess("/bin/sh", ["-c", jobs + "\n" + waits], timeoutSeconds: 60)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.lines.filter { $0 == "fingerprint \(expected)" }.count == 4, "\(result.standardOutput)")
                #expect(try names(copy(folder + "/stage")) == StageTests.names)
            }
        }

        /// One rank stages and another does not: neither waits for ever.
        @Test func onSomeRanksOnly() throws {
            try withData { folder, arguments in
                let expected = try train(arguments, run: folder + "/plain")
                let command =
                    try [builtProduct("lockstep"), "train", "--threads", "1", "--run", folder + "/run"] + arguments
                let result = try runProcess(
                    "/usr/bin/env",
                    ["mpirun", "--oversubscribe", "-n", "1"] + command + [":", "-n", "1"] + command
                        + ["--stage", folder + "/stage"],
                    environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
                    timeoutSeconds: 60)
                #expect(result.lines.contains("fingerprint \(expected)"), "\(result.standardError)")
                #expect(try names(copy(folder + "/stage")) == StageTests.names)
            }
        }

        @Test(arguments: [nil, 3]) func whatCanNotBeStaged(ranks: Int?) throws {
            try withData { folder, arguments in
                let host = try runProcess("/bin/hostname", [], timeoutSeconds: 20).lines[0]
                try FileManager.default.removeItem(atPath: folder + "/data/t10k-labels-idx1-ubyte.gz")
                let lacking = folder + "/data"
                try MNISTFolder(cutBytes: 100).write(to: folder + "/cut")
                let mistakes: [(data: String, stage: String, words: [String])] = [
                    ("mnist:\(folder)/cut", "/proc/none", ["cannot make the folder /proc/none"]),
                    (
                        "mnist:\(folder)/cut", folder + "/cut/train-images-idx3-ubyte",
                        ["cannot make the folder", "choose a folder that you may write to"]
                    ),
                    ("mnist:\(folder)/cut", folder + "/stage", ["\(folder)/cut/train-images-idx3-ubyte is truncated"]),
                    ("mnist:\(lacking)", folder + "/stage", ["\(lacking) lacks the MNIST files t10k-labels"]),
                    ("mnist:\(folder)/cut", "", ["expected a folder"]),
                    ("digits", folder + "/stage", ["digits has no files to unpack; leave --stage out"]),
                ]
                for mistake in mistakes {
                    let result = try lockstep(
                        ranks: ranks,
                        ["train", "--run", folder + "/run"] + arguments
                            + ["--data", mistake.data, "--stage", mistake.stage], timeoutSeconds: 20)
                    #expect(!result.timedOut && result.status == 1, "\(result.standardError)")
                    for words in ["\(host) can't stage the data in --stage '\(mistake.stage)'"] + mistake.words {
                        #expect(result.standardError.contains(words), "'\(words)': \(result.standardError)")
                    }
                    #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
                }
            }
        }
    }
}
