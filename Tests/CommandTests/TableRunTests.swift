// What `train` does with tables that are not as one would wish.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct TableRunTests {
        /// 40 rows of two classes, and one of a third.
        private static func table(_ folder: String) throws -> [String] {
            let rows = (0..<40).map { "\($0),\($0 % 2 == 0 ? "even" : "odd")\n" }
            try write("n,kind\n" + rows.joined() + "40,rare\n", to: folder + "/table.csv")
            return ["train", "--data", folder + "/table.csv", "--target", "kind", "--epochs", "1", "--verbose", "2"]
        }

        @Test func rareClassesAreSplitAtRandom() throws {
            try withTemporaryFolder { folder in
                let table = try TableRunTests.table(folder)
                let result = try lockstep(table + ["--run", folder + "/run"])
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardOutput.contains("samples are split at random, since some classes"))
                #expect(result.standardOutput.contains("9 of 41 samples are kept for validation (random)"))
                let asked = try lockstep(table + ["--split", "stratified", "--run", folder + "/asked"])
                #expect(asked.status == 1 && asked.standardError.contains("--split can't be stratified"), "\(asked)")
            }
        }

        @Test func aTargetNeedsATable() throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(["train", "--target", "price", "--run", folder + "/run"])
                #expect(result.status == 1)
                #expect(result.standardError.contains("--target names a column, but digits is no table"))
            }
        }

        /// The options of `--model auto` are heeded for pictures like MNIST's too.
        @Test func automaticModelIsShaped() throws {
            try withTemporaryFolder { folder in
                let options = ["--hidden", "8", "--normalization", "--max-steps", "1", "--verbose", "2"]
                let result = try lockstep(["train", "--run", folder + "/run"] + options)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardOutput.contains("  - dense: {units: 8, use-bias: false}"), "\(result.lines)")
            }
        }
    }
}
