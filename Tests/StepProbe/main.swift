// Runs training steps and tells what each took: memory from the system, and time. A process of its own, since both are
// counted for the whole process. Run by Tests/TrainingTests/StepMemoryTests.swift.
//
//     StepProbe mnist-cnn BATCH SHARDS THREADS STEPS

import Foundation
import Lockstep

let arguments = CommandLine.arguments.dropFirst().map { $0 }
guard arguments.count == 5, let model = NamedModel(rawValue: arguments[0]),
    case let numbers = arguments.dropFirst().compactMap({ Int($0) }), numbers.count == 4, numbers.allSatisfy({ $0 > 0 })
else { fatalError("usage: StepProbe MODEL BATCH SHARDS THREADS STEPS") }
let (batchSize, shards, threads, steps) = (numbers[0], numbers[1], numbers[2], numbers[3])

let data = try SyntheticDigits.load().train.prefix(max(1024, batchSize))
let order = Array(0..<data.count)
let step = try TrainingStep(
    network: model.makeModel(), input: data.input.shape, optimizer: .adam(), loss: .sparseCategoricalCrossentropy,
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
