// The bytes of the format as other readers expect them, and that no bytes whatever crash the decoder.

import Checkpoints
import Foundation
import Testing
import Training

@Suite struct SafetensorsFileTests {
    private func file(_ header: String, data: Int) -> Data {
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        bytes.append(Data(header.utf8))
        bytes.append(Data(count: data))
        return bytes
    }

    private func error(_ header: String, data: Int) -> String? {
        message { _ = try SafetensorsFile.decode(file(header, data: data), file: "x") }
    }

    @Test func encodesTheDocumentedBytes() throws {
        let a: [Float] = [1, 2]
        let empty: [Float] = []
        let data = a.withUnsafeBytes { a in
            empty.withUnsafeBytes { empty in
                SafetensorsFile.encode(
                    [
                        ("a\"\n", [2, 1], a), ("none", [0, 3], empty),
                        ("scalar", [], UnsafeRawBufferPointer(rebasing: a[..<4])),
                    ],
                    metadata: ["step": "1", "format": "lockstep"])
            }
        }
        let header =
            #"{"__metadata__":{"format":"lockstep","step":"1"},"a\"\u000a":{"dtype":"F32","shape":[2,1],"#
            + #""data_offsets":[0,8]},"none":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]},"#
            + #""scalar":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}"#
        let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        #expect(data.prefix(data.count - 12) == file(header + padding, data: 0))
        #expect(data.suffix(12) == Data([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x80, 0x3f]))
        #expect((data.count - 12) % 8 == 0)

        let start = data.count - 12
        let decoded = try SafetensorsFile.decode(data, file: "x")
        #expect(decoded.keys.sorted() == ["a\"\n", "none", "scalar"])
        #expect(decoded["a\"\n"]?.shape == [2, 1] && decoded["a\"\n"]?.range == start..<start + 8)
        #expect(decoded["none"]?.shape == [0, 3] && decoded["none"]?.range == start + 8..<start + 8)
        #expect(decoded["scalar"]?.shape == [] && decoded["scalar"]?.range == start + 8..<start + 12)
        let slice = (Data([9, 9, 9]) + data).dropFirst(3)
        #expect(try SafetensorsFile.decode(slice, file: "x")["scalar"]?.range == start + 8..<start + 12)
    }

    @Test func refusesWhatDoesNotAgree() throws {
        func tensor(_ shape: String, _ offsets: String, dtype: String = "F32") -> String {
            #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
        }
        #expect(error("{}", data: 0) == nil)
        #expect(error("{\"a\":\(tensor("[2]", "[0,8]"))}", data: 8) == nil)
        #expect(error("{}", data: 4) == "x is damaged: 4 bytes of data, its tensors take 0")
        #expect(error("{\"a\":\(tensor("[2]", "[0,4]", dtype: "F16"))}", data: 4) == "x: a has type F16, expected F32")
        #expect(
            error("{\"a\":\(tensor("[3]", "[0,8]"))}", data: 8)?.contains("shape [3] has data_offsets [0, 8]") == true)
        #expect(error("{\"a\":\(tensor("[2]", "[0,8]"))}", data: 7)?.contains("truncated: a ends at 8") == true)
        #expect(error("{\"a\":\(tensor("[2]", "[4,12]"))}", data: 12)?.contains("begins at 4, expected 0") == true)
        let overlap = "{\"a\":\(tensor("[2]", "[0,8]")),\"b\":\(tensor("[2]", "[4,12]"))}"
        #expect(error(overlap, data: 12)?.contains("b begins at 4, expected 8") == true)
        for offsets in ["[]", "[0]", "[8,0]", "[-8,0]", "[0,8,16]", "[0,1e30]", "[0,0.5]", "null", "\"\""] {
            #expect(error("{\"a\":\(tensor("[2]", offsets))}", data: 8) != nil, "\(offsets)")
        }
        let huge = "[4611686018427387904,4611686018427387904]"
        for shape in ["[-2]", "[-1,-2]", huge, "[9223372036854775807]", "[1e400]", "{}", "null"] {
            #expect(error("{\"a\":\(tensor(shape, "[0,8]"))}", data: 8) != nil, "\(shape)")
        }
        for header in ["", " {}", "[]", "{", "{\"a\":1}", "{\"__metadata__\":{\"a\":1}}", "\u{FEFF}{}"] {
            #expect(error(header, data: 0) != nil, "\(header)")
        }
        let deep = "{\"a\":" + String(repeating: "[", count: 100_000)
        #expect(error(deep, data: 0) != nil)
        for length: UInt64 in [.max, 1 << 63, 100_000_001, 99] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)
            #expect(throws: CheckpointError.self) { _ = try SafetensorsFile.decode(bytes, file: "x") }
        }
    }

    @Test func garbageNeverCrashes() throws {
        let values: [Float] = [1, 2, 3, 4]
        let whole = values.withUnsafeBytes { bytes in
            SafetensorsFile.encode(
                [
                    ("a", [2], UnsafeRawBufferPointer(rebasing: bytes[..<8])),
                    ("b", [1, 2], UnsafeRawBufferPointer(rebasing: bytes[8...])),
                ],
                metadata: ["format": "lockstep"])
        }
        var random = SplitMix(state: 3)
        var accepted = 0
        for round in 0..<20_000 {
            var data = whole
            if round % 4 == 0 { data = data.prefix(Int.random(in: 0...whole.count, using: &random)) }
            for _ in 0..<Int.random(in: 1...4, using: &random) where !data.isEmpty {
                data[Int.random(in: 0..<data.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let decoded = try? SafetensorsFile.decode(data, file: "x") else { continue }
            accepted += 1
            for tensor in decoded.values {
                #expect(tensor.range.upperBound <= data.count)
                #expect(tensor.range.count == tensor.shape.reduce(4, *))
            }
        }
        // Only a change in names, metadata or the floats themselves may pass.
        #expect(accepted > 0 && accepted < 15_000)
    }
}
