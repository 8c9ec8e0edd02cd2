// Arrays of NumPy's as samples: which are pictures and classes, what does not fit, and where their values lie.

import Autograd
import Foundation
import Tensors
import Testing

import Datasets

struct NumPyDatasetTests {
    private let directory = TemporaryDirectory()

    /// A .npy file of bytes, e.g. of type `|u1` or `<i4`.
    private func write(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8], fortran: Bool = false)
        -> String
    {
        let lengths = shape.map { "\($0)," }.joined()
        let order = fortran ? "True" : "False"
        var header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(lengths)), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]
        return directory.write(name, start + Array(header.utf8) + bytes)
    }

    private func floats(_ name: String, _ shape: [Int], _ values: [Float]) throws -> String {
        let path = "\(directory.path)/\(name)"
        try NumPyWriter.write(values, shape: shape, to: path)
        return path
    }

    private func load(_ x: String, _ y: String, _ task: TableOptions.Task? = nil) throws -> NumPyDataset {
        try NumPyDataset.load(inputs: x, targets: y, task: task)
    }

    @Test func bytesInThreeAxesArePictures() throws {
        let bytes = (0..<12).map { UInt8($0 * 20) }
        let y = write("y.npy", "|u1", [2], [1, 0])
        let data = try load(write("x.npy", "|u1", [2, 2, 3], bytes), y)
        #expect(data.input == Field("input", shape: [2, 3, 1], kind: .pixels))
        #expect(data.target == Field("target", shape: [], kind: .classes(2)))
        let scaled: [Float] = [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5].map { Float(bytes[$0]) * (1 / 255) }
        #expect(try data.batch([1, 0]).inputs.scalars == scaled)
        #expect(try data.batch([1, 0]).targets.scalars == [0, 1] && data.classNumber(of: 0) == 1)
        // The same values with the first index fastest.
        let turned = [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11].map { bytes[$0] }
        let other = try load(write("f.npy", "|u1", [2, 2, 3], turned, fortran: true), y)
        #expect(try other.batch([0, 1]).inputs.scalars == data.batch([0, 1]).inputs.scalars)
        #expect(other.fingerprint == data.fingerprint)
        let numbers = try load(write("n.npy", "|u1", [2, 6], bytes), y)
        #expect(numbers.input == Field("input", shape: [6], kind: .numbers))
        #expect(try numbers.batch([0]).inputs.scalars == bytes[..<6].map { Float($0) })
        #expect(numbers.fingerprint != data.fingerprint)
    }

    @Test func targetsAreClassesByTheirType() throws {
        let x = try floats("x.npy", [3], [1, 2, 3])
        #expect(try load(x, write("i.npy", "|i1", [3, 1], [0, 2, 1])).target.kind == .classes(3))
        #expect(try load(x, write("b.npy", "|b1", [3], [0, 1, 1])).target.kind == .classes(2))
        #expect(
            try load(x, write("m.npy", "|i1", [3, 2], [0, 2, 1, 0, 1, 1])).target
                == Field("target", shape: [2], kind: .numbers))
        let y = try floats("y.npy", [3, 1], [0, 2, 1])
        #expect(try load(x, y).target == Field("target", shape: [], kind: .numbers))
        #expect(try load(x, y, .classes).target.kind == .classes(3))
        #expect(try load(x, write("v.npy", "|i1", [3], [0, 2, 1]), .values).target.kind == .numbers)
        #expect(try load(x, y).input.shape == [1])
        expectDatasetError("n.npy holds -1.0 at [1], which is no class number") {
            try load(x, write("n.npy", "|i1", [3], [0, 255, 1]))
        }
        expectDatasetError("up to 4351, more classes than samples") {
            try load(x, write("w.npy", "<u2", [3], [0, 0, 255, 16, 1, 0]))
        }
        expectDatasetError("has 3 samples, but", "s.npy has 2") { try load(x, write("s.npy", "|i1", [2], [0, 1])) }
    }

    /// A .npz file whose members are stored, as np.savez makes it.
    private func archive(_ members: [(name: String, path: String)]) throws -> String {
        let script =
            "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n"
            + "  for a in sys.argv[2:]: z.write(a.split('=')[1], a.split('=')[0] + '.npy')\n"
        let path = "\(directory.path)/\(UUID().uuidString).npz"
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/env")
        python.arguments = ["python3", "-c", script, path] + members.map { "\($0.name)=\($0.path)" }
        try python.run()
        python.waitUntilExit()
        try #require(python.terminationStatus == 0)
        return path
    }

    @Test func archivesHoldTheirPartsByName() throws {
        let x = try floats("x.npy", [3, 2], [1, 2, 3, 4, 5, 6])
        let y = write("y.npy", "|i1", [3], [0, 1, 1])
        let (testX, testY) = (try floats("tx.npy", [1, 2], [7, 8]), write("ty.npy", "|i1", [1], [2]))
        let w = try floats("w.npy", [3], [1, 0, 2])
        let both = try NumPyDataset.load(
            npz: archive([
                ("x_train", x), ("y_train", y), ("x_test", testX), ("y_test", testY), ("sample_weight", w),
            ]))
        #expect(both.train.count == 3 && both.test?.count == 1)
        #expect(both.train.target.kind == .classes(3) && both.test?.target.kind == .classes(3))
        #expect(both.train.isWeighted && both.train.weight(of: 2) == 2 && both.test?.isWeighted == false)
        let one = try NumPyDataset.load(npz: archive([("X", x), ("y", y)]))
        #expect(one.test == nil && one.train.target.kind == .classes(2))
        expectDatasetError("holds no arrays x_train and y_train, nor x and y; it holds a, b") {
            try NumPyDataset.load(npz: archive([("a", x), ("b", y)]))
        }
        expectDatasetError("holds one of x_test and y_test") {
            try NumPyDataset.load(npz: archive([("x_train", x), ("y_train", y), ("x_test", testX)]))
        }
        expectDatasetError("the test part has inputs [1]") {
            try NumPyDataset.load(
                npz: archive([("x_train", x), ("y_train", y), ("x_test", floats("z.npy", [1], [7])), ("y_test", testY)])
            )
        }
    }
}
