// Runs training steps and tells what each took: memory from the system, and time. A process of its own, since both are
// counted for the whole process. Run by Tests/TrainingTests/StepMemoryTests.swift.
//
//     StepProbe mnist-cnn|gpt BATCH SHARDS THREADS STEPS

import Foundation
import Lockstep

let arguments = CommandLine.arguments.dropFirst().map { $0 }
guard arguments.count == 5, let name = arguments.first, name == "gpt" || NamedModel(rawValue: name) != nil,
    case let numbers = arguments.dropFirst().compactMap({ Int($0) }), numbers.count == 4, numbers.allSatisfy({ $0 > 0 })
else { fatalError("usage: StepProbe MODEL BATCH SHARDS THREADS STEPS") }
let (batchSize, shards, threads, steps) = (numbers[0], numbers[1], numbers[2], numbers[3])

/// Sequences of 64 tokens for gpt, else images.
@MainActor func makeData() throws -> any Dataset {
    guard name == "gpt" else { return try SyntheticDigits.load().train.prefix(max(1024, batchSize)) }
    let tokens = (0..<20_000).map { ($0 * $0 + $0 / 7) % 65 }
    return try TokenDataset(tokens, vocabularySize: 65, blockSize: 64, stride: 16)
}

@MainActor func makeNetwork() -> any Layer {
    NamedModel(rawValue: name)?.makeModel()
        ?? TransformerDecoder(vocabulary: 65, length: 64, layers: 4, heads: 4, width: 128)
}

let data = try makeData()
let order = Array(0..<data.count)
let step = try TrainingStep(
    network: makeNetwork(), input: data.input.shape, optimizer: name == "gpt" ? .adamW(beta2: 0.99) : .adam(),
    loss: .sparseCategoricalCrossentropy,
    batchSize: batchSize, shards: shards, threads: threads)
var done = 0
var seconds = [Double](repeating: 0, count: steps)

@MainActor func run(_ count: Int) throws {
    for index in 0..<count {
        let first = done % (data.count / batchSize) * batchSize
        let start = DispatchTime.now().uptimeNanoseconds
        _ = try step.run(order[first..<first + batchSize], of: data, learningRate: 1e-3)
        seconds[index] = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        done += 1
    }
}

/// Pages that were touched for the first time so far: whatever the system hands out shows here, however it was asked.
func pagesTaken() -> Int {
    var usage = rusage()
    getrusage(0, &usage)  // RUSAGE_SELF, which has another type on each system
    return usage.ru_minflt
}

try run(min(10, steps))
let before = pagesTaken()
try run(steps)
let pages = pagesTaken() - before
let sorted = seconds.sorted()
print(
    "\(pages) pages in \(steps) steps; microseconds a step:", "median \(Int(sorted[steps / 2] * 1e6)),",
    "least \(Int(sorted[0] * 1e6)); fingerprint \(step.parameters.fingerprint)")
