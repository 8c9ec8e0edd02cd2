// NumPy's archives against NumPy's values (scripts/reference/arrays.py), damaged ones, and what is written for NumPy.

import Foundation
import Testing

import Datasets
import Tensors

struct NumPyArchiveTests {
    private let directory = TemporaryDirectory()
    private let reference = NumPyReference.all

    private func read(_ bytes: [UInt8]) throws -> NumPyArchive {
        try NumPyArchive.read(directory.write("arrays.npz", bytes))
    }

    @Test(arguments: ["stored.npz", "deflated.npz", "zip64.npz", "piped.npz", "comment.npz"])
    func readsWhatNumPyReads(name: String) throws {
        let archive = try read(reference.bytes(name))
        #expect(archive.names == ["x_train", "y_train", "weights"])
        for (member, array) in try archive.arrays() {
            expectSame(array, reference.archives[name]![member]!, "\(name) \(member)")
            #expect(array.isMapped == (name != "deflated.npz"))
        }
        expectDatasetError("holds no array x_test; it holds x_train, y_train, weights") { try archive.array("x_test") }
    }

    /// The place of a value of `bytes` bytes in the first entry of the directory, and in the first local header.
    private func places(_ bytes: [UInt8]) -> (directory: Int, header: Int) {
        let entry = (0..<bytes.count - 4).first { bytes[$0..<$0 + 4].elementsEqual([0x50, 0x4b, 1, 2]) }!
        return (entry, 0)
    }

    private func damaged(_ name: String, _ change: (inout [UInt8], _ directory: Int) -> Void) throws -> NumPyArray {
        var bytes = reference.bytes(name)
        change(&bytes, places(bytes).directory)
        return try read(bytes).array("x_train")
    }

    @Test func damagedMembers() {
        for name in ["stored.npz", "deflated.npz"] {
            expectDatasetError("member x_train.npy is encrypted") { try damaged(name) { $0[$1 + 8] |= 1 } }
            expectDatasetError("member x_train.npy is packed by method 12") { try damaged(name) { $0[$1 + 10] = 12 } }
            expectDatasetError("x_train.npy is damaged: its checksum is another") {
                try damaged(name) { $0[$1 + 16] ^= 1 }
            }
            expectDatasetError("no header is where") { try damaged(name) { $0[$1 + 42] = 1 } }
            expectDatasetError("no header is where") { try damaged(name) { $0[$1 + 45] = 0x7f } }
            expectDatasetError("reach beyond the file's end") { try damaged(name) { $0[$1 + 23] = 0x7f } }
            expectDatasetError("its header has another name") { try damaged(name) { bytes, _ in bytes[30] = 0x79 } }
        }
        expectDatasetError("two sizes of stored data differ") { try damaged("stored.npz") { $0[$1 + 24] ^= 1 } }
        expectDatasetError("its checksum is another") {
            try damaged("stored.npz") {
                $0[$1 - $1 + 180] ^= 1
            }
        }
    }

    /// The announced size is neither allocated nor believed.
    @Test func sizesThatLie() {
        expectDatasetError("it unpacks to 152 bytes, expected the 2147483544 that are announced") {
            try damaged("deflated.npz") { bytes, entry in
                bytes.replaceSubrange(entry + 24..<entry + 28, with: [0x98, 0xff, 0xff, 0x7f])
            }
        }
        expectDatasetError("it unpacks to more than the 151 bytes that are announced") {
            try damaged("deflated.npz") { $0[$1 + 24] = 151 }
        }
        expectDatasetError("its data end too early") { try damaged("deflated.npz") { $0[$1 + 20] -= 4 } }
        expectDatasetError("no deflate stream") { try damaged("deflated.npz") { $0[$1 + 20] += 1 } }
        expectDatasetError("no deflate stream") {
            try damaged("deflated.npz") {
                $0[$1 + 10] = 8; $0[50] = 7; $0[61] = 0xff
            }
        }
    }

    @Test func otherFiles() {
        expectDatasetError("is no zip archive, which a .npz file is") { try read(reference.bytes("version1.npy")) }
        expectDatasetError("is no zip archive") { try read([]) }
        expectDatasetError("member x.npy is packed by method 12") {
            try read(reference.bytes("refused-bzip2.npz")).array("x")
        }
        expectDatasetError("holds no array: no member's name ends in .npy") {
            try read(reference.bytes("refused-no-array.npz"))
        }
        var twice = reference.bytes("stored.npz")
        let entry = places(twice).directory
        let name = Array("y_train".utf8)
        for place in entry..<twice.count - 7 where twice[place..<place + 7].elementsEqual(name) { twice[place] = 0x78 }
        expectDatasetError("holds two members named x_train.npy") { try read(twice) }
        var members = reference.bytes("stored.npz")
        members[members.count - 12] = 4
        expectDatasetError("entry 3 of its directory is none") { try read(members) }
        members[members.count - 11] = 4
        expectDatasetError("its directory does not lie within the file") { try read(members) }
    }

    @Test(arguments: ["stored.npz", "deflated.npz", "zip64.npz"])
    func cutAtEveryByte(name: String) {
        let whole = reference.bytes(name)
        for length in 0..<whole.count {
            expectDatasetError(length < 4 ? "no zip archive" : "truncated") { try read(Array(whole[..<length])) }
        }
    }

    @Test func damageDoesNotCrash() throws {
        var random = RandomStream(seed: 8, purpose: .digits)
        let names = reference.files.keys.filter { $0.hasSuffix(".npz") }.sorted()
        var accepted = 0
        for round in 0..<2000 {
            var bytes = reference.bytes(names[random.integer(below: names.count)])
            let entry = places(bytes).directory
            for _ in 0...random.integer(below: 3) {
                // The directory, where sizes and places are, every other time.
                if round % 2 == 0, bytes.count > entry {
                    bytes[entry + random.integer(below: bytes.count - entry)] = UInt8(random.integer(below: 256))
                } else {
                    damage(&bytes, &random)
                }
            }
            guard let archive = try? read(bytes) else { continue }
            for name in archive.names {
                guard let array = try? archive.array(name) else { continue }
                accepted += 1
                _ = array.fingerprint
            }
        }
        #expect(accepted > 500)
    }

    @Test(arguments: [[6], [2, 3], [1, 6, 1], [2, 1, 3]])
    func writesWhatItReads(shape: [Int]) throws {
        let path = directory.path + "/written.npy"
        let values: [Float] = [1.5, -0.0, .infinity, 0x1p-149, 7, 1 / 3]
        try NumPyWriter.write(values, shape: shape, to: path)
        let array = try NumPyArray.read(path)
        #expect(array.shape == shape && array.type == .float32)
        #expect(floats(array, Array(0..<shape[0])).map(\.bitPattern) == values.map(\.bitPattern))
        try NumPyWriter.write([1, -2, 3, 1 << 40, 0, 5], shape: shape, to: path)
        #expect(try floats(NumPyArray.read(path), Array(0..<shape[0])) == [1, -2, 3, 0x1p40, 0, 5])
        #expect(try NumPyArray.read(path).type == .int64)
    }

    /// np.save gives the same bytes.
    @Test func writesNumPysBytes() throws {
        let path = directory.path + "/written.npy"
        let values = [Float](unsafeUninitializedCapacity: 7) { buffer, count in
            for index in 0..<7 { buffer[index] = Float(bitPattern: reference.arrays["rank-7-C.npy"]!.bits[index]) }
            count = 7
        }
        try NumPyWriter.write(values, shape: [7], to: path)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == reference.bytes("rank-7-C.npy"))
        try NumPyWriter.write(values.dropLast(2).map { $0 }, shape: [5, 1], to: path)
        #expect(
            try Array(Data(contentsOf: URL(fileURLWithPath: path)))[..<128] == reference.bytes("rank-5x1-C.npy")[..<128]
        )
        expectDatasetError("cannot write \(directory.path)/absent/x.npy", "check the folder") {
            try NumPyWriter.write(values, shape: [7], to: directory.path + "/absent/x.npy")
        }
    }
}
