// Files of any name and shape given to `lockstep predict`.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct PredictedFileTests {
        /// A table is one by the run, not by its file's name; what is none is told as such.
        @Test(arguments: [["--target", "y"], ["--target", "y", "--window", "3"]])
        func tablesOfAnyName(flags: [String]) throws {
            try withTemporaryFolder { folder in
                try write("x,y\n" + (0..<40).map { "\($0),\(2 * $0 + $0 % 3)\n" }.joined(), to: folder + "/t.csv")
                let run = folder + "/run"
                _ = try train(
                    ["--data", "csv:\(folder)/t.csv", "--max-steps", "2", "--task", "values"] + flags, run: run)
                let expected = try lockstep(["predict", run, folder + "/t.csv"]).standardOutput
                #expect(expected.split(separator: "\n").count > 1)
                try FileManager.default.copyItem(atPath: folder + "/t.csv", toPath: folder + "/t.dat")
                #expect(try lockstep(["predict", run, folder + "/t.dat"]).standardOutput == expected)
                let piped = try shell("cat t.csv | lockstep predict run -", in: folder)
                #expect(piped.standardOutput == expected, "\(piped.standardError)")
                let missing = try lockstep(["predict", run, folder + "/none"])
                #expect(
                    missing.status == 1 && missing.standardError.contains("cannot read \(folder)/none"), "\(missing)")
                let array = try lockstep(["predict", run, folder + "/t.csv", "--output", folder + "/o.npy"])
                #expect(array.status == 1 && array.standardError.contains("others are CSV"), "\(array)")
                #expect(!FileManager.default.fileExists(atPath: folder + "/o.npy"))
            }
        }

        @Test func aTextWithNULIsTold() throws {
            try withTemporaryFolder { folder in
                try write((0..<40).map { "\($0 % 2 == 0 ? "a" : "b")\tw \($0 % 5)\n" }.joined(), to: folder + "/l.txt")
                _ = try train(["--data", "lines:\(folder)/l.txt", "--max-steps", "1"], run: folder + "/run")
                let result = try shell("printf 'fine\\na\\0b\\n' | lockstep predict run -", in: folder)
                #expect(
                    result.status == 1 && result.standardError.contains("the standard input:2: this line has a NUL"))
            }
        }

        /// Targets of the output's shape, whatever it is, and arrays of too many axes.
        @Test func arraysOfManyAxes() throws {
            try withTemporaryFolder { folder in
                func array(_ name: String, _ shape: [Int]) throws {
                    let count = shape.reduce(1, *)
                    try CommandTests.npy(shape, (0..<count).map { Float($0 % 5) }).write(
                        to: URL(filePath: "\(folder)/\(name).npy"))
                }
                try array("x", [40, 4])
                try array("y", [40, 6, 2])
                try array("single", [40, 1, 1])
                try array("seven", [1, 1, 1, 1, 1, 1, 4])
                let run = folder + "/run"
                _ = try train(["--data", "npy:\(folder)/x.npy,\(folder)/y.npy", "--max-steps", "1"], run: run)
                let model = try lockstep(["summary", run, "--input", "4"])
                #expect(model.standardOutput.contains("6, 2"), "\(model)")
                let seven = try lockstep(["predict", run, folder + "/seven.npy"])
                #expect(seven.status == 1 && seven.standardError.contains("expected at most 5 axes"), "\(seven)")
                try write(
                    "layers:\n  - dense: {units: 1}\n  - reshape: {target-shape: [1, 1]}\n", to: folder + "/m.yaml")
                _ = try train(
                    [
                        "--data", "npy:\(folder)/x.npy,\(folder)/single.npy", "--model", folder + "/m.yaml",
                        "--max-steps", "1",
                    ], run: folder + "/single")
            }
        }

        @Test func aLayerThatDoesNotFitIsToldWithItsLine() throws {
            try withTemporaryFolder { folder in
                try write("layers:\n  - flatten\n  - conv2d: {filters: 2, kernel-size: 3}\n", to: folder + "/m.yaml")
                for arguments in [["train", "--model", folder + "/m.yaml"], ["summary", folder + "/m.yaml"]] {
                    let result = try lockstep(arguments)
                    #expect(
                        result.status == 1 && result.standardError.contains("m.yaml:3: layer conv2d: "), "\(result)")
                }
            }
        }
    }
}
