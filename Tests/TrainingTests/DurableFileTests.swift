// Long files are synced piece by piece: a slow disk is not taken for one that is stuck.

import Checkpoints
import Foundation
import Testing
import Training

@Suite struct DurableFileTests {
    @Test func aLongFileTellsOfItsProgress() throws {
        try withFolder { folder in
            let path = folder + "/long"
            let mebibyte = 1 << 20
            var sizes: [Int] = []
            try DurableFile.create(path, Data(repeating: 7, count: 130 * mebibyte)) {
                sizes.append((try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0)
            } halfWritten: {
                sizes.append(-1)
            }
            #expect(sizes == [64 * mebibyte, -1, 128 * mebibyte])
            #expect(FileManager.default.contents(atPath: path)?.count == 130 * mebibyte)
        }
    }

    @Test func appendsRowsAfterOneHeading() throws {
        try withFolder { folder in
            let path = folder + "/rows"
            for row in ["a\n", "b\n"] { try DurableFile.append(path, Data(row.utf8), heading: Data("head\n".utf8)) }
            #expect(try contents(path) == "head\na\nb\n")
            mkfifo(folder + "/pipe", 0o600)
            for name in ["", "/pipe", "/none/rows"] {
                #expect(throws: CheckpointError.self) { try DurableFile.append(folder + name, Data("c\n".utf8)) }
            }
        }
    }
}
