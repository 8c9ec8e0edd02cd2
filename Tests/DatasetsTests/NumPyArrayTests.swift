// NumPy's files against NumPy's values (scripts/reference/arrays.py), and every way in which they can be wrong.

import Foundation
import Testing

import Datasets
import Tensors

/// Reference/arrays.json.
struct NumPyReference: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
        let shape: [Int]
        let type: String
        let floats: String

        var bits: [UInt32] {
            let digits = Array(floats.utf8).map { UInt32($0 > 57 ? $0 - 87 : $0 - 48) }
            return stride(from: 0, to: digits.count, by: 8).map { start in
                (0..<4).reduce(0) { $0 | (digits[start + 2 * $1] << 4 | digits[start + 2 * $1 + 1]) << UInt32(8 * $1) }
            }
        }
    }

    let files: [String: Data]
    let arrays: [String: Expected]
    let archives: [String: [String: Expected]]

    static let all = try! JSONDecoder().decode(
        NumPyReference.self,
        from: Data(contentsOf: URL(fileURLWithPath: Bundle.module.resourcePath! + "/Reference/arrays.json")))

    func bytes(_ name: String) -> [UInt8] { Array(files[name]!) }
}

/// A .npy file of version 1 with any header.
private func npy(_ header: String, payload: [UInt8] = []) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count % 256), UInt8(header.utf8.count / 256)]
        + Array(header.utf8) + payload
}

func floats(_ array: NumPyArray, _ numbers: [Int]) -> [Float] {
    [Float](unsafeUninitializedCapacity: numbers.count * array.rowLength) { buffer, count in
        array.copyRows(numbers[...], to: buffer.baseAddress!)
        count = numbers.count * array.rowLength
    }
}

/// NaN equals NaN.
func expectSame(_ array: NumPyArray, _ expected: NumPyReference.Expected, _ name: String) {
    #expect(array.shape == expected.shape && array.type.rawValue == expected.type, "\(name)")
    #expect(floats(array, Array(0..<array.count)).map(\.bitPattern) == expected.bits, "\(name)")
}

struct NumPyArrayTests {
    private let directory = TemporaryDirectory()
    private let reference = NumPyReference.all

    private func read(_ bytes: [UInt8], name: String = "array.npy") throws -> NumPyArray {
        try NumPyArray.read(directory.write(name, bytes))
    }

    @Test func readsEveryTypeAndOrder() throws {
        #expect(reference.arrays.count == 65)
        for (name, expected) in reference.arrays {
            let array = try read(reference.bytes(name), name: name)
            expectSame(array, expected, name)
            #expect(array.isMapped && array.count == expected.shape[0])
            #expect(array.isBytes == (expected.type == "uint8"))
            #expect(array.isInteger == !expected.type.hasPrefix("float"))
        }
    }

    @Test(arguments: ["<u1-C.npy", "<u1-F.npy", ">i4-F.npy", "<f4-C.npy", ">f8-C.npy", "rank-2x3x1x2-F.npy"])
    func copiesTheRowsAskedFor(name: String) throws {
        let array = try read(reference.bytes(name))
        let width = array.rowLength
        let all = floats(array, Array(0..<array.count))
        let numbers = [1, 0, 1]
        #expect(floats(array, numbers) == numbers.flatMap { all[$0 * width..<($0 + 1) * width] })
        guard array.isBytes else { return }
        var bytes = [UInt8](repeating: 0, count: 3 * width)
        bytes.withUnsafeMutableBufferPointer { array.copyRowBytes(numbers[...], to: $0.baseAddress!) }
        #expect(bytes.map { Float($0) } == floats(array, numbers))
    }

    @Test func fingerprintsAreOfValues() throws {
        func fingerprint(_ name: String) throws -> String {
            try read(reference.bytes(name), name: name).fingerprint.description
        }
        #expect(try fingerprint("<i8-C.npy") == fingerprint(">i8-F.npy"))
        #expect(try fingerprint("<i8-C.npy") != fingerprint("<u8-C.npy"))
        // The same values in another shape, and one value changed.
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%), }"
        let payload: [UInt8] = (0..<24).map { $0 % 4 == 3 ? 0x3f : $0 }
        func named(_ shape: String, _ payload: [UInt8]) throws -> String {
            try read(npy(header.replacingOccurrences(of: "%", with: shape), payload: payload)).fingerprint.description
        }
        let base = try named("2, 3", payload)
        #expect(try named("3, 2", payload) != base)
        #expect(try named("2, 3", payload.dropLast() + [0x40]) != base)
        #expect(try named("2, 3", payload) == base)
    }

    /// More rows than are hashed at once, with a change in the last.
    @Test func fingerprintReachesTheLastRow() throws {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (200000,), }"
        var payload = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let before = try read(npy(header, payload: payload)).fingerprint
        payload[199_999] ^= 1
        #expect(try read(npy(header, payload: payload)).fingerprint != before)
    }

    @Test func valuesThatNoFloatHolds() throws {
        func bytes(_ values: [Int64]) -> [UInt8] { values.withUnsafeBytes(Array.init) }
        let header = "{'descr': '<i8', 'fortran_order': %, 'shape': (2, 3), }"
        let wrong: [Int64] = [0, 1 << 24, 1 << 40, -(1 << 24), 3, (1 << 24) + 1]
        for (order, index) in [("False", "[1, 2]"), ("True", "[1, 2]")] {
            let text = header.replacingOccurrences(of: "%", with: order)
            try read(npy(text, payload: bytes([0, 1 << 24, 1 << 40, -(1 << 24), 3, 4]))).checkValues()
            expectDatasetError("array.npy holds 16777217 at \(index), which no float holds exactly", "astype") {
                try read(npy(text, payload: bytes(wrong))).checkValues()
            }
        }
        let text = header.replacingOccurrences(of: "%", with: "True")
        expectDatasetError("holds 16777217 at [1, 0]") {
            try read(npy(text, payload: bytes([0, (1 << 24) + 1, 0, 0, 0, 0]))).checkValues()
        }
        let double = "{'descr': '>f8', 'fortran_order': False, 'shape': (2,), }"
        expectDatasetError("holds 1e+39 at [1], which no float holds; scale it") {
            let values = [Double.infinity, 1e39].map { $0.bitPattern.bigEndian }
            try read(npy(double, payload: values.withUnsafeBytes(Array.init))).checkValues()
        }
    }

    @Test(arguments: [
        ("0d", ["single number (a 0-d array)", "np.atleast_1d"]), ("empty", ["is empty: its shape is [0, 28]"]),
        ("object", ["pickled Python objects (dtype object)", "arr.astype('float32')"]),
        ("complex", ["complex numbers (dtype <c8)", "arr.real"]), ("text", ["text (dtype <U3)", "np.unique"]),
        ("bytes", ["text (dtype |S3)"]), ("date", ["dates or times (dtype <M8[D])"]),
        ("long-double", ["dtype <f16; expected bool, integers"]), ("void", ["does not know (dtype |V2)"]),
        ("records", ["records with the fields 'age', 'weight'", "arr['age'].astype('float32')"]),
        ("records-utf8", ["'größe€'"]),
    ])
    func refusesWhatIsNoNumber(name: String, phrases: [String]) {
        let error = #expect(throws: DatasetError.self) { try read(reference.bytes("refused-\(name).npy")) }
        for phrase in phrases { #expect(error?.description.contains(phrase) == true, "\(error!) lacks \(phrase)") }
    }

    /// The header is Python: blanks, quotes, order and commas are free.
    @Test(arguments: [
        "{'shape':(2,),'descr':'<u2','fortran_order':False}",
        "  {  \"fortran_order\" : True ,\t'descr' : \"=u2\",\n'shape' : ( 2 , ) , }  \n",
        "{'descr': '|u2', 'shape': ((2,)), 'fortran_order': (False), }",
    ])
    func headersAreParsed(header: String) throws {
        #expect(try floats(read(npy(header, payload: [1, 2, 3, 4])), [0, 1]) == [513, 1027])
    }

    @Test(arguments: [
        ("", "expected a value at byte 10"), ("[1, 2]", "no dictionary"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': (2,), 'extra': 1}", "a key is unknown"),
        ("{'descr': '<u2', 'descr': '<u2', 'fortran_order': False, 'shape': (2,)}", "there twice"),
        ("{'descr': '<u2', 'shape': (2,)}", "it has only [\"descr\", \"shape\"]"),
        ("{'descr': '<u2', 'fortran_order': 0, 'shape': (2,)}", "neither True nor False"),
        ("{'descr': 7, 'fortran_order': False, 'shape': (2,)}", "names no type"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': (2)}", "no tuple"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': [2]}", "no tuple"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': (2, -1)}", "axis 1 of 'shape' has no length"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': (2L,)}", "'2L' is no value"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': (99999999999999999999,)}", "is no value"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': (2,)} x", "something follows"),
        ("{'descr': '<u2', 'fortran_order': False, 'shape': (2,", "expected a value"),
        ("{'descr': '<u2, 'fortran_order': False}", "expected a comma or a closing brace"),
        ("{'descr': '<u2", "no closing quote"), ("{'descr' '<u2'}", "expected a colon"),
        (String(repeating: "(", count: 60_000), "nested too deeply"),
        ("__import__('os').system('true')", "'__import__' is no value"),
    ])
    func damagedHeaders(header: String, phrase: String) {
        expectDatasetError("array.npy has a damaged header: ", phrase) {
            try read(npy(header, payload: [1, 2, 3, 4]))
        }
    }

    @Test(arguments: [[1 << 40], [1 << 62, 2], [1 << 32, 1 << 32], [Int.max, Int.max, Int.max]])
    func hugeShapesAllocateNothing(shape: [Int]) {
        let lengths = shape.map { "\($0)," }.joined()
        expectDatasetError("is truncated: 4 bytes follow its header, expected the ", "of shape \(shape) in float64") {
            try read(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (\(lengths))}", payload: [1, 2, 3, 4]))
        }
    }

    @Test func otherFiles() {
        expectDatasetError("cannot read", "absent.npy", "check the path") {
            try NumPyArray.read(directory.path + "/absent.npy")
        }
        expectDatasetError("no regular file") { try NumPyArray.read(directory.path) }
        expectDatasetError("is no NumPy file: it begins with nothing") { try read([]) }
        expectDatasetError("is no NumPy file: it begins with 50 4b 03 04", "np.save") {
            try read(reference.bytes("stored.npz"))
        }
        var bytes = reference.bytes("version1.npy")
        bytes[6] = 4
        expectDatasetError("has version 4.0 of the NumPy format") { try read(bytes) }
        bytes = reference.bytes("version3.npy")
        bytes[11] = 0x7f
        expectDatasetError("has a header of 21", "expected at most 1048576") { try read(bytes) }
        let two = reference.bytes("version1.npy") + reference.bytes("version1.npy")
        expectDatasetError("holds 148 bytes after the 20 of shape [5, 2] in int16", "np.savez") { try read(two) }
    }

    @Test(arguments: ["version1.npy", "version2.npy", ">f8-F.npy"])
    func cutAtEveryByte(name: String) {
        let whole = reference.bytes(name)
        for length in 0..<whole.count {
            let error = #expect(throws: DatasetError.self) { try read(Array(whole[..<length])) }
            let isTruncated = error?.description.contains("is truncated") == true
            #expect(isTruncated || length < 6, "\(length): \(error!)")
        }
    }

    /// Random damage ends in an error or in an array, which is then read as a whole.
    @Test func damageDoesNotCrash() throws {
        var random = RandomStream(seed: 7, purpose: .digits)
        let names = reference.arrays.keys.sorted() + reference.files.keys.filter { $0.hasPrefix("refused") }.sorted()
        var accepted = 0
        for _ in 0..<2000 {
            var bytes = reference.bytes(names[random.integer(below: names.count)])
            for _ in 0...random.integer(below: 4) { damage(&bytes, &random) }
            guard let array = try? read(bytes) else { continue }
            accepted += 1
            _ = array.fingerprint
            try? array.checkValues()
        }
        #expect(accepted > 50)
    }

    /// 31 GB of samples in a file with holes.
    @Test func openingTakesNoMemory() throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (10000000, 784), }"
        let path = directory.write("large.npy", npy(header))
        guard truncate(path, npy(header).count + 4 * 784 * 10_000_000) == 0 else { return }
        let before = residentBytes()
        let array = try NumPyArray.read(path)
        #expect(array.count == 10_000_000 && array.sampleShape == [784] && array.isMapped)
        #expect(floats(array, [9_999_999, 0, 5_000_000]) == [Float](repeating: 0, count: 3 * 784))
        // Other tests run beside this one.
        #expect(residentBytes() - before < 512 << 20)
    }
}

/// Changes, removes or adds something.
func damage(_ bytes: inout [UInt8], _ random: inout RandomStream) {
    guard !bytes.isEmpty else { return }
    // The beginning, where headers are, more often.
    let place = random.integer(below: random.integer(below: 2) == 0 ? bytes.count : min(bytes.count, 128))
    switch random.integer(below: 6) {
    case 0: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
    case 1: bytes[place] = UInt8(random.integer(below: 256))
    case 2: bytes[place] = [0, 1, 0x7f, 0x80, 0xff, 0x2c, 0x28, 0x29, 0x30, 0x39][random.integer(below: 10)]
    case 3: bytes.remove(at: place)
    case 4: bytes.insert(UInt8(random.integer(below: 256)), at: place)
    default: bytes.removeLast(random.integer(below: bytes.count))
    }
}

/// The memory of this process that is not on the disk; 0 where the system does not tell.
private func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
}
