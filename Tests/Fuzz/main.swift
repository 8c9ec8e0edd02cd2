// Feeds every loader of files with damaged copies of good files, for some seconds. A loader may refuse a file with an
// error; it may not crash, take long, or take memory because a size field says so: the process would die of it. Run by
// Tests/CommandTests/FuzzTests.swift and scripts/fuzz.
//
//     Fuzz SECONDS [SEED]

import Foundation
import Lockstep

/// A kind of file: good examples, and what reads it.
struct Target {
    let name: String
    let examples: [[UInt8]]
    let load: ([UInt8]) throws -> Void
}

/// Reproducible from its seed (Vigna's SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func run() throws {
    guard let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) else {
        fatalError("usage: Fuzz SECONDS [SEED]")
    }
    let seed = CommandLine.arguments.dropFirst(2).first.flatMap(UInt64.init) ?? UInt64.random(in: 0..<1 << 32)
    writeToStandardOutput("seed \(seed)\n")
    // A loader that believes a size field of gigabytes fails to get them, and traps.
    var memory = rlimit(rlim_cur: 1 << 30, rlim_max: 1 << 30)
    setrlimit(__rlimit_resource_t(UInt32(RLIMIT_DATA.rawValue)), &memory)
    var random = SplitMix(state: seed)
    let folder = FileManager.default.temporaryDirectory.appending(path: "lockstep-fuzz-\(getpid())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let targets = try makeTargets(folder)
    var (files, refused) = (0, 0)
    let end = Date(timeIntervalSinceNow: seconds)
    while Date() < end {
        let target = targets.randomElement(using: &random)!
        let bytes = damaged(target.examples.randomElement(using: &random)!, &random)
        // What kills the process is found here.
        try Data(bytes).write(to: URL(filePath: folder + "/last"))
        alarm(10)
        do { try target.load(bytes) } catch { refused += 1 }
        files += 1
    }
    alarm(0)
    print(
        "\(files) files of \(targets.map(\.name).joined(separator: ", ")): \(refused) refused, \(files - refused) read")
    guard refused > 0, refused < files else { fatalError("none was \(refused == 0 ? "refused" : "read")") }
}

/// One to four changes: bits, bytes, pieces, numbers.
func damaged(_ good: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = good
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        // Headers decide, and are short.
        let range = Bool.random(using: &random) ? bytes.count : min(bytes.count, 64)
        let place = Int.random(in: 0..<range, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...16, using: &random)))
        case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 16)], at: place)
        case 5:
            let value: UInt64 = [0, 1, 0x7fff_ffff, 0xffff_ffff, 1 << 40, .max].randomElement(using: &random)!
            for index in 0..<8 where place + index < bytes.count {
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            }
        default:
            let digits = Array("99999999999999999999".utf8.prefix(Int.random(in: 1...20, using: &random)))
            bytes.replaceSubrange(place..<min(bytes.count, place + 1), with: digits)
        }
    }
    return bytes
}

func makeTargets(_ folder: String) throws -> [Target] {
    func big(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }
    let images = [0, 0, 8, 3] + big(20) + big(28) + big(28) + (0..<20 * 784).map { UInt8($0 % 256) }
    let labels = [0, 0, 8, 1] + big(20) + (0..<20).map { UInt8($0 % 10) }
    let file = folder + "/file"
    func written(_ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }
    let weights: [Float] = (0..<60).map(Float.init)
    let tensors = weights.withUnsafeBytes { bytes in
        SafetensorsFile.encode(
            [
                ("dense.kernel", [5, 10], UnsafeRawBufferPointer(rebasing: bytes[..<200])),
                ("dense.bias", [10], UnsafeRawBufferPointer(rebasing: bytes[200...])),
            ],
            metadata: ["format": "lockstep"])
    }
    let state = CheckpointState(
        step: 7, epoch: 1, batchInEpoch: 2, seed: 3, shards: 4, batchSize: 32, sampleCount: 100, optimizer: "adam",
        model: "mnist-mlp", configuration: "epochs: 2\nseed: 3\n",
        fingerprint: Fingerprint(of: UnsafeRawBufferPointer(start: nil, count: 0)),
        metrics: ["loss": 0.5], skippedSteps: 2, callbacks: ["0.EarlyStopping": ["best": 0.25]])
    let checksumEnd = CheckpointState.sealed(Data()).count
    let model = """
        name: my-model
        layers:
          - conv2d: {filters: 8, kernel-size: 3, activation: relu}
          - max-pooling2d: {pool-size: 2}
          - flatten
          - dropout: {rate: 0.25}
          - dense: {units: 10, activation: softmax}
        """
    let odderModel = """
        layers:
          - conv2d: {filters: 8, kernel-size: 3, strides: 2, padding: same, groups: 1, dilation: 1}
          - batch-normalization: {momentum: 0.9, epsilon: 0.001}
          - average-pooling2d: {pool-size: 2, strides: 1, padding: same}
          - reshape: {target-shape: [7, 28, -1]}
          - conv2d: {filters: 8, kernel-size: 2, groups: 4}
          - layer-normalization
          - global-average-pooling2d
          - embedding: {input-dimension: 30, output-dimension: 4}
        """
    let columns = MetricsColumns()
    let rows = (1...3).map {
        columns.csv(MetricsRow(epoch: $0, step: $0 * 10, learningRate: 0.1, fingerprint: state.fingerprint))
    }
    return try pictureTargets(written) + labelledTextTargets(written) + languageTargets(written) + [
        Target(name: "IDX", examples: [images, labels] + [images, labels].compactMap { gzip($0, folder) }) { bytes in
            for axes in [1, 3] {
                do {
                    _ = try IDXFile(path: try written(bytes), axes: axes)
                    return
                } catch { if axes == 3 { throw error } }
            }
        },
        Target(name: "safetensors", examples: [Array(tensors)]) {
            _ = try SafetensorsFile.decode(Data($0), file: "file")
        },
        Target(name: "state.json", examples: [Array(try state.json())]) {
            _ = try CheckpointState(json: Data($0), file: "file")
        },
        // With the right checksum, or what is behind it would never be read.
        Target(name: "state.json, sealed again", examples: [Array(try state.json().dropFirst(checksumEnd))]) {
            let found = try CheckpointState(json: CheckpointState.sealed(Data($0)), file: "file")
            precondition(found.step >= 0 && found.shards > 0 && found.sampleCount > 0, "accepted \(found)")
        },
        Target(name: "model files", examples: [Array(model.utf8), Array(odderModel.utf8)]) {
            _ = try ModelFile(path: try written($0)).model.build([28, 28, 1])
        },
        Target(name: "configurations", examples: [Array("data: 'mnist:/a #b'\nepochs: 5\nseed: \"3\"\n".utf8)]) {
            _ = try RunSettings.entries(String(decoding: $0, as: UTF8.self))
        },
        Target(name: "metrics", examples: [Array(([columns.header] + rows).joined(separator: "\r\n").utf8)]) {
            try Data($0).write(to: URL(filePath: folder + "/metrics.csv"))
            _ = try RecordedMetrics(runFolder: folder)
        },
    ]
}

/// The bytes compressed by gzip, nil where there is no such program.
func gzip(_ bytes: [UInt8], _ folder: String) -> [UInt8]? {
    let path = folder + "/to-gzip"
    guard (try? Data(bytes).write(to: URL(filePath: path))) != nil else { return nil }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-f", path]
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return FileManager.default.contents(atPath: path + ".gz").map(Array.init)
}

try run()
