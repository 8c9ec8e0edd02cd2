// Settings of which nothing would come for the data or the model at hand are refused.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct SettingUseTests {
        /// Data by the word that stands for them in the cases below.
        private static func sources(_ folder: String) throws -> [String: [String]] {
            try write("n,kind\n" + (0..<40).map { "\($0),\($0 % 2)\n" }.joined(), to: folder + "/t.csv")
            try write((0..<40).map { "\($0 % 2 == 0 ? "a" : "b")\tword \($0 % 5)\n" }.joined(), to: folder + "/l.txt")
            try write(String(repeating: "the fox and the dog ", count: 40), to: folder + "/t.txt")
            try npy([40, 3], (0..<120).map { Float($0 % 7) }).write(to: URL(filePath: folder + "/x.npy"))
            try npy([40], (0..<40).map { Float($0 % 3) }).write(to: URL(filePath: folder + "/y.npy"))
            return [
                "digits": ["--model", "mnist-mlp"], "auto": [],
                "table": ["--data", "csv:\(folder)/t.csv", "--target", "kind"],
                "series": ["--data", "csv:\(folder)/t.csv", "--target", "kind", "--window", "3"],
                "lines": ["--data", "lines:\(folder)/l.txt"], "text": ["--data", "text:\(folder)/t.txt"],
                "arrays": ["--data", "npy:\(folder)/x.npy,\(folder)/y.npy"],
            ]
        }

        @Test(arguments: [
            ("digits", ["--dropout", "0.5"], "--dropout is for --model auto, gpt, "),
            ("digits", ["--hidden", "512"], "--hidden is for --model auto, "),
            ("digits", ["--normalization"], "--normalization is for --model auto"),
            ("digits", ["--image-size", "9"], "--image-size is for folders of pictures and CIFAR, not for digits"),
            ("lines", ["--weight-column", "w"], "--weight-column is for tables, tables with --text-column and series"),
            ("arrays", ["--weight-column", "w"], "--weight-column is for tables"),
            ("arrays", ["--scaling", "min-max"], "--scaling is for tables and series, not for npy:"),
            ("arrays", ["--header", "no"], "--header is for tables"),
            ("arrays", ["--block-size", "8"], "--block-size is for texts to continue and numbers of tokens"),
            ("arrays", ["--normalize", "computed"], "--normalize is for folders of pictures"),
            ("table", ["--lowercase"], "--lowercase is for tables with --text-column and lines of texts, not for csv:"),
            ("table", ["--vocabulary-size", "9"], "--vocabulary-size is for"),
            ("table", ["--skip-damaged"], "--skip-damaged is for folders of pictures, not for csv:"),
            ("arrays", ["--one-hot-limit", "3"], "--one-hot-limit is for tables and series, not for npy:"),
            ("text", ["--lowercase"], "--lowercase is for"), ("text", ["--separator", "tab"], "--separator is for"),
            ("auto", ["--restore-best-weights"], "does nothing without --early-stopping-patience"),
            ("auto", ["--reduce-lr-factor", "0.5"], "does nothing without --reduce-lr-patience"),
            ("auto", ["--decoupled-decay"], "--decoupled-decay does nothing without --weight-decay"),
        ])
        func areRefused(source: String, flags: [String], message: String) throws {
            try withTemporaryFolder { folder in
                let data = try #require(try Self.sources(folder)[source])
                let result = try lockstep(["train", "--max-steps", "1", "--run", folder + "/run"] + data + flags)
                #expect(result.status == 1 && result.standardError.contains(message), "\(result.standardError)")
            }
        }

        /// What a recipe says without need, and what a run has recorded.
        @Test func defaultsAreNot() throws {
            try withTemporaryFolder { folder in
                let sources = try Self.sources(folder)
                let recipe = folder + "/recipe.yaml"
                try write("lowercase: false\ndropout: 0\nhidden: []\nscaling: standard\nmax-steps: 1\n", to: recipe)
                for source in ["digits", "arrays", "table"] {
                    let run = "\(folder)/\(source)"
                    _ = try train(sources[source, default: []] + ["--config", recipe, "--no-normalization"], run: run)
                    _ = try train(["--config", run + "/config.yaml", "--max-steps", "1"], run: run + "-again")
                }
                try write("epochs: 1\nscaling: min-max\n", to: recipe)
                let refused = try lockstep(["train", "--config", recipe])
                #expect(refused.standardError.contains("recipe.yaml:2: 'scaling' is for tables and series, not for"))
                let inspected = try lockstep(["inspect", "digits", "--separator", "tab"])
                #expect(inspected.status == 1 && inspected.standardError.contains("--separator is for tables"))
            }
        }
    }

    /// The bytes of a .npy file of Float32.
    static func npy(_ shape: [Int], _ values: [Float]) -> Data {
        let lengths = shape.map(String.init).joined(separator: ", ")
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(lengths),), }"
        header += String(repeating: " ", count: (64 - (header.utf8.count + 11) % 64) % 64) + "\n"
        let count = header.utf8.count
        return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 255), UInt8(count >> 8)])
            + Data(header.utf8) + values.withUnsafeBytes { Data($0) }
    }
}
