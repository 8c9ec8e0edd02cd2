// Long files are synced piece by piece: a slow disk is not taken for one that is stuck.

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
}
