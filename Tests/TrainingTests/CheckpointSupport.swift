// What the checkpoint tests share: a small model of two parameters and a statistic, and a folder that is removed.

import Autograd
import Checkpoints
import Foundation
import Optimizers
import Tensors
import Training

/// A folder of its own, removed at the end.
func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/training-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

/// dense.kernel `[3, units]`, dense.bias `[units]`, norm.mean `[units]`, and Adam's moments.
struct SmallModel {
    let parameters: ParameterBuffer
    let optimizer: OptimizerState

    init(
        units: Int = 5, seed: UInt64 = 1, names: [String] = ["dense.kernel", "dense.bias", "norm.mean"],
        optimizer rule: Optimizer = .adam(learningRate: 0.001)
    ) throws {
        let roles: [Parameter.Role] = [.trainable, .trainable, .statistic(momentum: 0.9)]
        let shapes: [Shape] = [[3, units], [units], [units]]
        let declared = try (0..<names.count).map { index in
            let parameter = Parameter(names[index], initializer: .zeros, role: roles[index])
            try parameter.declare(shapes[index])
            return parameter
        }
        parameters = ParameterBuffer(declared, seed: seed)
        optimizer = rule.makeState(count: parameters.count)
        var random = SplitMix(state: seed)
        for buffer in [parameters.values] + optimizer.buffers {
            for parameter in parameters.parameters where buffer === parameters.values || parameter.role == .trainable {
                for index in parameter.range {
                    buffer.pointer[index] = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
                }
            }
        }
        // Values that only a copy of bits preserves.
        parameters.values.pointer[0] = -0.0
        parameters.values.pointer[1] = Float(bitPattern: 0x7fc0_1234)
    }

    /// All bits that a checkpoint holds.
    var bits: [UInt32] {
        parameters.values[parameters.all].map(\.bitPattern)
            + optimizer.buffers.flatMap { $0[parameters.trainable].map(\.bitPattern) }
    }

    func write(step: Int, epoch: Int = 1, in folder: String) throws -> Checkpoint {
        try Checkpoint.write(
            sampleState(step: step, epoch: epoch), parameters: parameters, optimizer: optimizer, in: folder)
    }
}

/// A state in which every field has a value of its own.
func sampleState(step: Int, epoch: Int = 1) -> CheckpointState {
    CheckpointState(
        step: step, epoch: epoch, batchInEpoch: 3, seed: .max, shards: 16, batchSize: 256, sampleCount: 60_000,
        optimizer: "adam", model: "mnist-cnn", configuration: "model: mnist-cnn\n# \"quoted\" / ünïcode\n",
        fingerprint: Fingerprint(String(repeating: "0", count: 32))!, epochLossSum: 0.1 + 0.2, epochDenominator: 700.5,
        epochMetricSums: [12, 768], epochSamples: 768, learningRateScale: 0.5,
        metrics: ["loss": 1 / 3, "val_loss": .infinity],
        skippedSteps: 3, callbacks: ["stop": ["wait": 2, "best": -.infinity]])
}

/// The generator of Steele, Lea and Flood, so that failures repeat.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// The message that `body` throws, nil when it throws none.
func message(of body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}

func contents(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
